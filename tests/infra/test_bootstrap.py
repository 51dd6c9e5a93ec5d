"""The bootstrap of an account, by the real Pulumi engine on the local AWS endpoint, as docs/aws.md has a person do it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.plugins.home import prepare
from local.site import CHECKOUT, Site
from local.toolchain import tools
from tests.fixtures.cloud import Cloud

pytestmark = pytest.mark.integration
STACK = "local"


@dataclass
class Account:
    """`pulumi` in infra/bootstrap, with a home and a first, local state of the test's own."""

    environ: dict[str, str]

    def pulumi(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run(
            [str(tools.path("pulumi")), *arguments, "--non-interactive", "--color=never"],
            cwd=CHECKOUT / "infra" / "bootstrap",
            env={**os.environ, **self.environ},
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def account(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("account")
    environ = prepare(Site(folder / "home", cloud.site.index)) | {"AWS_ENDPOINT_URL": cloud.site.endpoint_url}
    account = Account({k: v for k, v in environ.items() if k != "PYTHONPATH"})
    account.pulumi("stack", "init", STACK)
    account.pulumi("up", "--yes", "--skip-preview")
    yield account


def test_it(account: Account) -> None:
    print(account.pulumi("stack", "output", "--json"))
    account.pulumi("preview", "--expect-no-changes")
    account.pulumi("refresh", "--preview-only", "--expect-no-changes")
    out = json.loads(account.pulumi("stack", "output", "--json"))
    state = account.pulumi("stack", "export")
    account.environ["PULUMI_BACKEND_URL"] = out["PULUMI_BACKEND_URL"]
    print(account.pulumi("stack", "init", STACK, "--secrets-provider", out["PULUMI_SECRETS_PROVIDER"]))
    account.pulumi("stack", "import", given=state)
    account.pulumi("preview", "--expect-no-changes")
