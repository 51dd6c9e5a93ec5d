"""Recipes for tests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import BuildContext, BuildFailed
from local.toolchain.spec.tool import Tool


@dataclass(frozen=True)
class Writing:
    """Writes `name`, and appends a line to `log` at each build."""

    name: str
    log: Path
    content: str = "content"

    def inputs(self) -> bytes:
        return f"{self.name} {self.content}".encode()

    def build(self, context: BuildContext) -> None:
        with self.log.open("a") as log:
            log.write(f"{self.name}\n")
        (context.folder / self.name).write_text(self.content)


@dataclass(frozen=True)
class FailingWhile:
    """Fails while the file `failure` exists."""

    failure: Path

    def inputs(self) -> bytes:
        return b"failing"

    def build(self, context: BuildContext) -> None:
        if self.failure.exists():
            raise BuildFailed("the failure file exists")


@dataclass(frozen=True)
class Hanging:
    """Writes half of its output, then the file `started`, and never ends."""

    started: Path

    def inputs(self) -> bytes:
        return b"hanging"

    def build(self, context: BuildContext) -> None:
        (context.folder / "half").write_text("ha")
        self.started.write_text(str(context.folder))
        context.run("sh", "-c", f"echo $$ > {self.started}.pid; exec sleep 3600")
        time.sleep(3600)


def tool(name: str, *recipes: Writing | FailingWhile | Hanging, lane: str = "one", needs: tuple[str, ...] = ()) -> Tool:
    return Tool(name, "1.0", lane=lane, recipes=recipes, needs=needs)
