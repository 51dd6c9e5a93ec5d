"""A small Pulumi project of a test's own, run with the real CLI and our plugins."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.plugins.home import prepare
from local.site import Site
from local.toolchain import tools


@dataclass
class Project:
    folder: Path
    environ: dict[str, str]

    @classmethod
    def make(cls, folder: Path, site: Site, settings: dict[str, str] | None = None) -> Project:
        """A project with a stack `test`; its state, like its program, lies in `folder`."""
        project = cls(folder, {**prepare(Site(folder / "home", site.index)), **(settings or {})})
        (folder / "Pulumi.yaml").write_text(f"name: {folder.name.replace('_', '-')}\nruntime: python\n")
        project.write("")
        project.run("stack", "init", "test")
        return project

    def write(self, program: str) -> None:
        head = "import pulumi\nimport pulumi_aws as aws\nimport pulumi_kubernetes as k8s\n"
        (self.folder / "__main__.py").write_text(head + textwrap.dedent(program))

    def run(self, *arguments: str, fails: bool = False) -> str:
        """The output of `pulumi`. Fails the test unless it ends as expected."""
        argv = [str(tools.path("pulumi")), *arguments, "--non-interactive", "--color=never"]
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env={**os.environ, **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=240,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def begin(self, program: str) -> subprocess.Popen[bytes]:
        """`pulumi up` as the leader of a process group."""
        self.write(program)
        argv = [str(tools.path("pulumi")), "up", "--yes", "--skip-preview", "--non-interactive"]
        env = {**os.environ, **self.environ}
        return subprocess.Popen(argv, cwd=self.folder, env=env, stdout=subprocess.DEVNULL, start_new_session=True)

    def up(self, program: str) -> str:
        self.write(program)
        return self.run("up", "--yes", "--skip-preview")

    def refused(self, program: str) -> str:
        """The output of a preview that must fail."""
        self.write(program)
        return self.run("preview", fails=True)

    def state(self) -> list[dict[str, Any]]:
        return json.loads(self.run("stack", "export"))["deployment"].get("resources", [])

    def is_settled(self) -> bool:
        """Whether neither the program nor the actual resources differ from the state."""
        self.run("preview", "--expect-no-changes")
        self.run("refresh", "--preview-only", "--expect-no-changes")
        return True
