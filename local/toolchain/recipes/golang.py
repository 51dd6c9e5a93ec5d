"""Programs and files from Go modules. Each folder in locks/go is a small module whose go.sum pins all dependencies."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import BuildContext, BuildFailed

MODULES = Path(__file__).parent / "locks" / "go"

# The Go version is chosen by the catalog. A build must not depend on a C compiler or on a git checkout.
ENVIRONMENT = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}


@dataclass(frozen=True)
class GoBuild:
    """`go build` of `package` with the versions of locks/go/<module>/go.mod; `variables` are set by the linker (-X).

    The names of class and fields are part of the cache key.
    """

    module: str
    package: str
    program: str
    variables: tuple[tuple[str, str], ...] = ()

    def inputs(self) -> bytes:
        return repr(self).encode() + _pins(self.module)

    def build(self, context: BuildContext) -> None:
        flags = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in self.variables)])
        context.run(
            context.tool_path("go"),
            *("build", "-mod=readonly", "-trimpath", "-ldflags", flags),
            *("-o", context.folder / self.program, self.package),
            cwd=MODULES / self.module,
            env=ENVIRONMENT,
        )


@dataclass(frozen=True)
class ModuleFile:
    """An executable file from a dependency of locks/go/<module>.

    The names of class and fields are part of the cache key.
    """

    module: str
    dependency: str
    file: str

    def inputs(self) -> bytes:
        return repr(self).encode() + _pins(self.module)

    def build(self, context: BuildContext) -> None:
        go, where = context.tool_path("go"), MODULES / self.module
        context.run(go, "mod", "download", self.dependency, cwd=where, env=ENVIRONMENT)
        listed = context.output(go, "list", "-m", "-f", "{{.Dir}}", self.dependency, cwd=where, env=ENVIRONMENT)
        source = Path(listed.strip()) / self.file
        if not source.is_file():
            raise BuildFailed(f"{self.dependency} has no {self.file}")
        target = context.folder / source.name
        shutil.copyfile(source, target)
        target.chmod(0o755)


def _pins(module: str) -> bytes:
    return (MODULES / module / "go.mod").read_bytes() + (MODULES / module / "go.sum").read_bytes()
