"""`aura inventory` on the real state of the local stack."""

from __future__ import annotations

import json

import pytest

from tests.fixtures.platform import Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def test_the_inventory_lists_what_the_state_of_this_stack_holds(platform: Platform) -> None:
    resources = json.loads(platform.run("pulumi", "stack", "export"))["deployment"]["resources"]
    databases = [one["outputs"]["identifier"] for one in resources if one["type"] == "aws:rds/instance:Instance"]
    printed = platform.aura("inventory")
    lines = [line.split() for line in printed.splitlines()]
    assert sorted(line[2] for line in lines if line[1:2] == ["database"]) == sorted(databases)
    assert ["us-west-2", "stream", "aura-us-west-2-stream", "3", "kafka.m7g.large,", "10", "GiB", "each"] in [
        line[:8] for line in lines
    ]
    assert "us-west-2 time-series store timeseries 1 instance, 100Gi each nothing all of it ?" in [
        " ".join(line) for line in lines
    ]
    assert "a month on demand, by list prices of us-east-1" in printed
    (unpriced,) = [line for line in printed.splitlines() if line.startswith("Without a price, and not in the sum: ")]
    assert "kafka.m7g.large" not in unpriced


def test_a_stack_that_pulumi_does_not_know_is_refused(platform: Platform) -> None:
    said = platform.aura("inventory", "--stack", "nonsense", check=False)
    assert "the state of stack nonsense cannot be used" in said
