"""Jars, and files inside jars. Each folder below maven/ holds a pom.xml and the SHA-256 of every jar it may bring."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import MakingFailed, Workshop

POMS = Path(__file__).parent / "locks" / "maven"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


@dataclass(frozen=True)
class Jars:
    """The jars of maven/<pom>, put into lib/."""

    pom: str

    def inputs(self) -> bytes:
        return (POMS / self.pom / "pom.xml").read_bytes() + (POMS / self.pom / "lock").read_bytes()

    def make(self, workshop: Workshop) -> None:
        lib = workshop.folder / "lib"
        workshop.run(
            workshop.find("mvn"),
            *("--batch-mode", "--no-transfer-progress", "--strict-checksums", "-f", POMS / self.pom / "pom.xml"),
            *(f"{PLUGIN}:copy-dependencies", f"-DoutputDirectory={lib}", "-DincludeScope=runtime"),
        )
        verify(lib, (POMS / self.pom / "lock").read_text())


@dataclass(frozen=True)
class FilesInJar:
    """`files` (name inside the jar, name to give it) out of the only jar that an earlier recipe put into lib/."""

    files: tuple[tuple[str, str], ...]

    def inputs(self) -> bytes:
        return repr(self).encode()

    def make(self, workshop: Workshop) -> None:
        (jar,) = (workshop.folder / "lib").iterdir()
        with zipfile.ZipFile(jar) as archive:
            for inside, name in self.files:
                (workshop.folder / name).write_bytes(archive.read(inside))
        jar.unlink()
        jar.parent.rmdir()


def verify(folder: Path, lock: str) -> None:
    """Raises MakingFailed unless `folder` holds just the files of `lock`, as `sha256sum` would print them."""
    wanted = {name: digest for digest, name in (line.split() for line in lock.splitlines())}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.iterdir()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise MakingFailed(
                f"{name}: SHA-256 is {found.get(name, 'absent')}, the lock says {wanted.get(name, 'none')}"
            )
