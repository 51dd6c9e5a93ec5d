"""Toolchains that are published as Python wheels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local.site import CHECKOUT
from local.toolchain.recipes.context import BuildContext

LOCKS = Path(__file__).parent / "locks" / "wheels"


@dataclass(frozen=True)
class Wheel:
    """The content of the wheel that locks/wheels/<lock> pins by its hash."""

    lock: str

    def inputs(self) -> bytes:
        return (LOCKS / self.lock).read_bytes()

    def build(self, context: BuildContext) -> None:
        uv = context.output(CHECKOUT / "bin" / "bootstrap", "uv").strip()
        context.run(
            *(uv, "pip", "install", "--no-deps", "--require-hashes", "--no-config", "--link-mode=copy"),
            *("--target", context.folder, "-r", LOCKS / self.lock),
        )
