"""README's way to AWS from the stack on, by its own commands; here the stack is `local`, which runs already."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.site import CHECKOUT
from tests.fixtures.platform import Platform
from tests.infra.to_aws import commands

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
STEPS = commands(CHECKOUT / "README.md")


def test_cluster_and_custom_resources_come_up_by_the_commands_of_readme(platform: Platform, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    head = [
        "set -eo pipefail",
        f"export STACK=local KUBECONFIG={kubeconfig} PULUMI_SKIP_CONFIRMATIONS=true PULUMI_SKIP_UPDATE_CHECK=true",
    ]
    (up, login), apply, wait = STEPS[5], STEPS[7][:5], STEPS[7][5:]
    assert up == "pulumi up --policy-pack infra/policies" and "update-kubeconfig" in login
    assert " apply " in apply[3] and " wait " in wait[1]

    def here(*lines: str) -> str:
        """The stack `local` of the platform has one region."""
        return "\n".join([*head, *(line.replace("us-west-2 us-east-1;", "us-west-2;") for line in lines)])

    printed = platform.run("bash", "-c", here(up, login), seconds=600)
    assert "aura@v1.0.0 (local: infra/policies)" in printed and "mandatory" not in printed
    assert "unchanged" in printed and "created" not in printed
    assert kubeconfig.read_text()
    applied = platform.run("bash", "-c", here(*apply))
    assert "us-west-2: the store does not begin with another region's data" in applied
    assert "auraservice.platform.aurawellness.com/ingest serverside-applied" in applied
    assert "biostream.platform.aurawellness.com/bio-sync condition met" in platform.run(
        "bash", "-c", here(*wait), seconds=900
    )
