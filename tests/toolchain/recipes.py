"""Recipes for tests: they write a file, and tell how often they were asked to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import MakingFailed, Workshop
from local.toolchain.spec.tool import Tool


@dataclass(frozen=True)
class Writing:
    """Writes `name`, and adds a line to `diary` each time."""

    name: str
    diary: Path
    content: str = "made"

    def inputs(self) -> bytes:
        return f"{self.name} {self.content}".encode()

    def make(self, workshop: Workshop) -> None:
        with self.diary.open("a") as diary:
            diary.write(f"{self.name}\n")
        (workshop.folder / self.name).write_text(self.content)


@dataclass(frozen=True)
class FailingWhile:
    """Fails as long as the file `reason` exists."""

    reason: Path

    def inputs(self) -> bytes:
        return b"failing"

    def make(self, workshop: Workshop) -> None:
        if self.reason.exists():
            raise MakingFailed("there is a reason to fail")


@dataclass(frozen=True)
class Hanging:
    """Says in the file `begun` that it has begun, having written half of its product, and never ends."""

    begun: Path

    def inputs(self) -> bytes:
        return b"hanging"

    def make(self, workshop: Workshop) -> None:
        (workshop.folder / "half").write_text("ha")
        self.begun.write_text(str(workshop.folder))
        workshop.run("sh", "-c", f"echo $$ > {self.begun}.pid; exec sleep 3600")
        time.sleep(3600)


def tool(name: str, *recipes: Writing | FailingWhile | Hanging, lane: str = "one", needs: tuple[str, ...] = ()) -> Tool:
    return Tool(name, "1.0", lane=lane, recipes=recipes, needs=needs)
