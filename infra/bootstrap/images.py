"""Names of the images: the tables of images.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

_FILE = Path(__file__).resolve().parents[2] / "images.toml"


def declared() -> list[str]:
    """Such as "aura/ingest", in the order of the file."""
    return [f"aura/{name}" for name in tomllib.loads(_FILE.read_text())["aura"]]
