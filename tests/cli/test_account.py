"""The account's bootstrap as `aura up` runs it, and the images that it has repositories for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cli.deploy import stack
from cli.environment import exports
from cli.images import push
from local.node.runtime.images import declared_commands
from local.site import Site
from local.toolchain import tools
from tests.fixtures.cloud import REGION, Cloud

pytestmark = pytest.mark.integration


def test_images_have_repositories_once_the_account_is_up_and_another_up_changes_nothing(
    cloud: Cloud, tmp_path: Path
) -> None:
    site, log = Site(tmp_path / "home", cloud.site.index), tmp_path / "log"
    assert "created" in stack.up(site, exports(site), log, print, stack.BOOTSTRAP)
    pushed = push(site, REGION, "0.1.0")
    assert {one.name for one in pushed} == declared_commands().keys()
    repeated = stack.up(site, exports(site), log, print, stack.BOOTSTRAP)
    for region in (REGION, "us-east-1"):  # the registry's copies are images, too
        for name in declared_commands():
            cloud.client("ecr", region).delete_repository(repositoryName=f"aura/{name}", force=True)
    for command in (["state", "unprotect", "--all"], ["destroy", "--skip-preview"]):  # the account is other tests' too
        argv = [tools.path("pulumi"), *command, "--yes", "--stack", stack.STACK, "--non-interactive"]
        subprocess.run(argv, cwd=stack.BOOTSTRAP, env={**os.environ, **exports(site)}, check=True, timeout=240)
    assert repeated.endswith("unchanged") and "," not in repeated
