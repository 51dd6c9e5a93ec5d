"""Packages of npm. Each folder below npm/ holds a package.json, and a lock with the SHA-512 of all it brings."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import MakingFailed, Workshop

LOCKS = Path(__file__).parent / "locks" / "npm"
FILES = ("package.json", "package-lock.json")


@dataclass(frozen=True)
class Packages:
    """The packages of npm/<lock>, put into node_modules/. Their install scripts are not run."""

    lock: str

    def inputs(self) -> bytes:
        return b"".join((LOCKS / self.lock / file).read_bytes() for file in FILES)

    def make(self, workshop: Workshop) -> None:
        node = workshop.find("node")
        for file in FILES:
            shutil.copyfile(LOCKS / self.lock / file, workshop.folder / file)
        workshop.run(
            *(node, _npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"),
            cwd=workshop.folder,
            env={"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"},
        )


def _npm(node: Path) -> Path:
    """npm's program: beside `node` as its makers publish it, else the one on PATH."""
    beside = node.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if beside.exists():
        return beside
    found = shutil.which("npm")
    if found is None:
        raise MakingFailed(f"{node} comes without npm, and there is none on PATH; install what Debian calls npm")
    return Path(found).resolve()
