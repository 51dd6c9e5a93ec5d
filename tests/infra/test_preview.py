"""`pulumi preview` of the stacks for AWS from a clone, by the real engine and this machine's plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.cloud.context import ACCOUNT
from tests.fixtures.cloud import Cloud
from tests.infra.clone import Clone

pytestmark = pytest.mark.integration


@pytest.fixture
def clone(cloud: Cloud, tmp_path: Path) -> Clone:
    return Clone.make(tmp_path, cloud.site)


@pytest.mark.parametrize(
    ("stack", "within", "policies"), [("prod", ".", "infra/policies"), ("staging", "infra", "policies")]
)
def test_a_stack_for_aws_is_planned_without_a_complaint_wherever_pulumi_is_called(
    clone: Clone, stack: str, within: str, policies: str
) -> None:
    clone.pulumi("stack", "init", stack)
    clone.of_this_account(stack)
    planned = clone.pulumi("preview", "--stack", stack, "--policy-pack", policies, within=within)
    assert "to create" in planned
    assert f"aura@v1.0.0 (local: {policies})" in planned
    assert "mandatory" not in planned


def test_a_stack_that_a_policy_forbids_is_refused_before_anything_is_made(clone: Clone) -> None:
    """One rule of a resource and one of the stack; the same program without the policy pack would be planned."""
    for name, allowed, forbidden in (
        ("Pulumi.prod.yaml", "deletionWindowDays: 30", "deletionWindowDays: 7"),
        ("infra/pair/pair.py", '("media", "backups", "stream-state")', '("backups", "stream-state")'),
    ):
        file = clone.folder / name
        assert allowed in file.read_text()
        file.write_text(file.read_text().replace(allowed, forbidden))
    clone.pulumi("stack", "init", "prod")
    clone.of_this_account("prod")
    refused = clone.pulumi("preview", "--stack", "prod", "--policy-pack", "infra/policies", fails=True)
    assert "[mandatory]  backups  (aws:kms:Key: aura-us-west-2-data)" in refused
    assert "deletionWindowInDays is 7; prod keeps 30 days or more" in refused
    assert "[mandatory]  counterpart  (aws:s3:Bucket: aura-us-west-2-media)" in refused


def test_another_account_than_the_stacks_is_refused(clone: Clone) -> None:
    clone.pulumi("stack", "init", "prod")
    refused = clone.pulumi("preview", "--stack", "prod", fails=True)
    assert f"AWS account ID not allowed: {ACCOUNT}" in refused
    assert "nothing was changed" in refused
