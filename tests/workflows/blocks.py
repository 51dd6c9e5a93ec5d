"""The `run:` blocks of the workflows, and a shell that executes one as GitHub's runner does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.site import CHECKOUT

FOLDER = CHECKOUT / ".github" / "workflows"


@dataclass(frozen=True)
class Block:
    """`step` is the step's name, or the block itself where it has none."""

    file: str
    job: str
    step: str
    script: str

    @property
    def id(self) -> str:
        return f"{self.file}/{self.job}/{self.step}"


def blocks() -> Iterator[Block]:
    for file in sorted(FOLDER.glob("*.yml")):
        workflow: dict[str, Any] = yaml.safe_load(file.read_text())
        for job, content in workflow["jobs"].items():
            for step in content.get("steps", ()):
                if "run" in step:
                    yield Block(file.stem, job, step.get("name", step["run"]), step["run"])


def block(id: str) -> Block:
    return next(one for one in blocks() if one.id == id)


def execute(one: Block, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The outputs that the block sets; fails the test when it fails."""
    output = folder / "github-output"
    output.touch()
    given = {**os.environ, **environ, "GITHUB_OUTPUT": str(output), "GITHUB_SHA": "0123abcd"}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", one.script],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return _outputs(output.read_text().splitlines())


def _outputs(lines: list[str]) -> dict[str, str]:
    """Of name=value lines, and of name<<END, lines, END."""
    found: dict[str, str] = {}
    rest = iter(lines)
    for line in rest:
        name, is_long, end = line.partition("<<")
        if is_long:
            found[name] = "\n".join(iter(lambda end=end: next(rest), end))
        else:
            name, _, found[name] = line.partition("=")
    return found
