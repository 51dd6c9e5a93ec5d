"""The figures that benchmarks leave in the platform's home (AURA_HOME, `.aura` by default)."""

from __future__ import annotations

from pathlib import Path

import msgspec

from local.site import Site


def file(name: str) -> Path:
    """`bench/<name>` in the home; its folder exists."""
    folder = Site.current().home / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def write(benchmark: str, content: object) -> Path:
    """The file `<benchmark>.json`, written as JSON."""
    written = file(f"{benchmark}.json")
    written.write_bytes(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    return written
