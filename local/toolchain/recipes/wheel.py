"""Whole toolchains that are published as Python wheels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local.site import CHECKOUT
from local.toolchain.recipes.context import Workshop

LOCKS = Path(__file__).parent / "locks" / "wheels"


@dataclass(frozen=True)
class Wheel:
    """The content of the wheel that wheels/<lock> pins by its hash."""

    lock: str

    def inputs(self) -> bytes:
        return (LOCKS / self.lock).read_bytes()

    def make(self, workshop: Workshop) -> None:
        uv = workshop.output(CHECKOUT / "bin" / "bootstrap", "uv").strip()
        workshop.run(
            *(uv, "pip", "install", "--no-deps", "--require-hashes", "--no-config", "--link-mode=copy"),
            *("--target", workshop.folder, "-r", LOCKS / self.lock),
        )
