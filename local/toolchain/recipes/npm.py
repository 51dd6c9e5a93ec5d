"""npm packages. Each folder in locks/npm has a package.json and a lock with the SHA-512 of every package."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import BuildContext, BuildFailed

LOCKS = Path(__file__).parent / "locks" / "npm"
FILES = ("package.json", "package-lock.json")


@dataclass(frozen=True)
class Packages:
    """The packages of locks/npm/<lock>, installed in node_modules/. Their install scripts are not run."""

    lock: str

    def inputs(self) -> bytes:
        return b"".join((LOCKS / self.lock / file).read_bytes() for file in FILES)

    def build(self, context: BuildContext) -> None:
        node = context.tool_path("node")
        for file in FILES:
            shutil.copyfile(LOCKS / self.lock / file, context.folder / file)
        context.run(
            *(node, _npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"),
            cwd=context.folder,
            env={"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"},
        )


def _npm(node: Path) -> Path:
    """The npm program: the one of the Node.js distribution of `node`, else the one on PATH."""
    bundled = node.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if bundled.exists():
        return bundled
    found = shutil.which("npm")
    if found is None:
        raise BuildFailed(f"{node} has no npm, and npm is not on PATH; install the Debian package npm")
    return Path(found).resolve()
