"""A tool: its programs or files, the supported versions, and how to build it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from local.toolchain.recipes.context import BuildContext
from local.toolchain.spec.version import Range


class Recipe(Protocol):
    """One build step. Equal `inputs` give equal files, so they are the cache key."""

    def inputs(self) -> bytes: ...

    def build(self, context: BuildContext) -> None:
        """Writes into `context.folder`. Raises BuildFailed; the folder is then discarded."""
        ...


@dataclass(frozen=True)
class Programs:
    """Executables that belong together: they are found only when one folder has all of them.

    The first one, run with `version_arguments`, prints its version after `version_pattern`, a regular expression.
    `hints` are folders to search that are often not on PATH; `variables` are environment variables with such a folder.
    """

    names: tuple[str, ...]
    version_arguments: tuple[str, ...]
    version_pattern: str
    supported: Range
    variables: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tool:
    """A program or set of files that the platform runs or is built with.

    `version` is the version that the recipes build. A tool with `debian_packages` is installed by apt and never cached.
    A `lane` builds its tools one after the other; lanes run in parallel. A `build_only` tool is searched only when a
    tool that `needs` it has to be built.
    """

    name: str
    version: str
    lane: str
    recipes: tuple[Recipe, ...] = ()
    programs: Programs | None = None
    debian_packages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    build_only: bool = False
    folder: str = field(default=".", kw_only=True)
    """Folder of the programs, relative to the output of the recipes."""
