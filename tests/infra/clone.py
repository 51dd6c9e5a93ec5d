"""A clone of the program with a state of its own, run by the real Pulumi CLI with this machine's plugins."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from local.cloud.context import ACCOUNT
from local.plugins.home import prepare
from local.site import CHECKOUT, Site
from local.toolchain import tools
from tests.infra.recording import configuration


@dataclass
class Clone:
    """What a clone has of the program, with a state of its own; no variable says where to import from."""

    folder: Path
    environ: dict[str, str]

    @classmethod
    def make(cls, folder: Path, site: Site) -> Clone:
        for room in ("infra", "contracts"):
            shutil.copytree(CHECKOUT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(CHECKOUT / "manifests", folder / "manifests")
        for file in CHECKOUT.glob("Pulumi*.yaml"):
            shutil.copy(file, folder)
        (folder / ".venv").symlink_to((CHECKOUT / ".venv").resolve())
        environ = {**os.environ, **prepare(Site(folder / "home", site.index)), "AWS_ENDPOINT_URL": site.endpoint_url}
        environ.pop("PYTHONPATH", None)
        return cls(folder, environ)

    def of_this_account(self, stack: str) -> None:
        """As README's step 2 says: the account's id everywhere in the stack's file."""
        file = self.folder / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(file.read_text().replace(configuration(stack)["aura:account"], ACCOUNT))
        content["config"]["aura:zone"].pop("id", None)  # it is one of the other account
        file.write_text(yaml.safe_dump(content, sort_keys=False))

    def pulumi(self, *arguments: str, within: str = ".", fails: bool = False, seconds: float = 240) -> str:
        argv: Sequence[str] = [str(tools.path("pulumi")), *arguments, "--non-interactive", "--color=never"]
        done = subprocess.run(
            argv,
            cwd=self.folder / within,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout
