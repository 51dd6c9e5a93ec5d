"""Jars, and files in jars. Each folder in locks/maven has a pom.xml and a lock with the SHA-256 of every jar."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import BuildContext, BuildFailed

POMS = Path(__file__).parent / "locks" / "maven"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


@dataclass(frozen=True)
class Jars:
    """The jars of locks/maven/<pom>, copied to lib/."""

    pom: str

    def inputs(self) -> bytes:
        return (POMS / self.pom / "pom.xml").read_bytes() + (POMS / self.pom / "lock").read_bytes()

    def build(self, context: BuildContext) -> None:
        lib = context.folder / "lib"
        context.run(
            context.tool_path("mvn"),
            *("--batch-mode", "--no-transfer-progress", "--strict-checksums", "-f", POMS / self.pom / "pom.xml"),
            *(f"{PLUGIN}:copy-dependencies", f"-DoutputDirectory={lib}", "-DincludeScope=runtime"),
        )
        verify(lib, (POMS / self.pom / "lock").read_text())


@dataclass(frozen=True)
class FilesInJar:
    """`files` (name in the jar, new name) from the only jar that an earlier recipe copied to lib/.

    The names of class and field are part of the cache key.
    """

    files: tuple[tuple[str, str], ...]

    def inputs(self) -> bytes:
        return repr(self).encode()

    def build(self, context: BuildContext) -> None:
        (jar,) = (context.folder / "lib").iterdir()
        with zipfile.ZipFile(jar) as archive:
            for inside, name in self.files:
                (context.folder / name).write_bytes(archive.read(inside))
        jar.unlink()
        jar.parent.rmdir()


def verify(folder: Path, lock: str) -> None:
    """Raises BuildFailed unless `folder` has exactly the files of `lock`, which has the format of `sha256sum`."""
    expected = {name: digest for digest, name in (line.split() for line in lock.splitlines())}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.iterdir()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise BuildFailed(
                f"{name}: SHA-256 is {found.get(name, 'absent')}, the lock has {expected.get(name, 'none')}"
            )
