"""Programs and files out of Go modules. Each folder below go/ is a thin module that pins everything with its go.sum."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import MakingFailed, Workshop

MODULES = Path(__file__).parent / "locks" / "go"

# The toolchain is ours to choose, and a build must neither depend on a C compiler nor on being inside a git checkout.
ENVIRONMENT = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}


@dataclass(frozen=True)
class GoBuild:
    """`go build` of `package` with the versions that go/<module>/go.mod pins; `variables` are set by the linker."""

    module: str
    package: str
    program: str
    variables: tuple[tuple[str, str], ...] = ()

    def inputs(self) -> bytes:
        return repr(self).encode() + _pins(self.module)

    def make(self, workshop: Workshop) -> None:
        flags = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in self.variables)])
        workshop.run(
            workshop.find("go"),
            *("build", "-mod=readonly", "-trimpath", "-ldflags", flags),
            *("-o", workshop.folder / self.program, self.package),
            cwd=MODULES / self.module,
            env=ENVIRONMENT,
        )


@dataclass(frozen=True)
class ModuleFile:
    """A file, made executable, out of a dependency of go/<module>."""

    module: str
    dependency: str
    file: str

    def inputs(self) -> bytes:
        return repr(self).encode() + _pins(self.module)

    def make(self, workshop: Workshop) -> None:
        go, where = workshop.find("go"), MODULES / self.module
        workshop.run(go, "mod", "download", self.dependency, cwd=where, env=ENVIRONMENT)
        listed = workshop.output(go, "list", "-m", "-f", "{{.Dir}}", self.dependency, cwd=where, env=ENVIRONMENT)
        source = Path(listed.strip()) / self.file
        if not source.is_file():
            raise MakingFailed(f"{self.dependency} has no {self.file}")
        target = workshop.folder / source.name
        shutil.copyfile(source, target)
        target.chmod(0o755)


def _pins(module: str) -> bytes:
    return (MODULES / module / "go.mod").read_bytes() + (MODULES / module / "go.sum").read_bytes()
