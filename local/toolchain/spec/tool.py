"""What a tool is: programs or files, the versions that will do, and how to make it where it is absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from local.toolchain.recipes.context import Workshop
from local.toolchain.spec.version import Range


class Recipe(Protocol):
    """One way to make files. The same `inputs` make the same files, so the cache is keyed by them."""

    def inputs(self) -> bytes: ...

    def make(self, workshop: Workshop) -> None:
        """Writes into `workshop.folder`. Raises MakingFailed; what it left then is thrown away."""
        ...


@dataclass(frozen=True)
class Programs:
    """Executables that belong together: they count as found only when one folder holds them all.

    The first is asked for its version: run with `ask`, it prints the version after `says`, a regular expression.
    `hints` are folders to look at that are commonly not on PATH; `variables` name environment variables that hold one.
    """

    names: tuple[str, ...]
    ask: tuple[str, ...]
    says: str
    fits: Range
    variables: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tool:
    """Something the platform runs or is built with.

    `version` names what the recipes make. A tool with `packages` comes from Debian instead and is never cached.
    `lane` orders the work: a lane makes its tools one after the other, lanes run side by side. A tool that is only
    `for_building` is looked for when something that needs it has to be made.
    """

    name: str
    version: str
    lane: str
    recipes: tuple[Recipe, ...] = ()
    programs: Programs | None = None
    packages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    for_building: bool = False
    folder: str = field(default=".", kw_only=True)
    """Where in what the recipes made the programs lie."""
