"""A platform from nothing to nothing: `aura up` killed with -9 in one step after the other still ends with a running
platform when repeated, and `pulumi destroy` takes every engine away."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from local.site import CHECKOUT
from tests.fixtures.platform import UP_SECONDS, Platform
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.kill, pytest.mark.timeout(3600)]

STEPS = 8
KILLED = int(os.environ.get("AURA_KILL_ROUNDS", "2"))
"""How many of the steps are cut off; the first, which finds the tools, is left alone."""
DONE = re.compile(r"^\[ *(\d+)/\d+\] .*\d+\.\d s ", re.MULTILINE)
SEED = int(os.environ.get("AURA_KILL_SEED", str(time.time_ns() % 100_000)))


def begin(platform: Platform, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            [str(CHECKOUT / "bin" / "aura"), "up"],
            env=platform.env,
            cwd=CHECKOUT,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def kill_in(step: int, after: float, platform: Platform, log: Path) -> bool:
    """Whether the run could be killed `after` seconds into `step`; a step that is quicker than that was not."""
    run = begin(platform, log)
    done: list[int] = []

    def reached() -> bool:
        done[:] = [int(number) for number in DONE.findall(log.read_text())]
        return step - 1 in done or run.poll() is not None

    until(f"step {step}", reached, seconds=UP_SECONDS, every=0.02)
    try:
        run.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
    return run.wait(10) == -signal.SIGKILL


LISTS = {
    "aws:ec2/vpc:Vpc": ("describe-vpcs", "Vpcs[].VpcId"),
    "aws:ec2/subnet:Subnet": ("describe-subnets", "Subnets[].SubnetId"),
    "aws:ec2/internetGateway:InternetGateway": (
        "describe-internet-gateways",
        "InternetGateways[].InternetGatewayId",
    ),
    "aws:ec2/eip:Eip": ("describe-addresses", "Addresses[].AllocationId"),
    "aws:ec2/routeTable:RouteTable": ("describe-route-tables", "RouteTables[].RouteTableId"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("describe-vpc-endpoints", "VpcEndpoints[].VpcEndpointId"),
}
"""How `aws ec2` lists types of which AWS allows equal ones."""


def in_aws(platform: Platform) -> dict[str, list[str]]:
    ours = ("--filters", "Name=tag:project,Values=aura", "--output", "json")
    return {
        type: sorted(json.loads(platform.run("aws", "ec2", operation, *ours, "--query", path)))
        for type, (operation, path) in LISTS.items()
    }


def in_state(platform: Platform) -> dict[str, list[str]]:
    resources = json.loads(platform.run("pulumi", "stack", "export", "--non-interactive"))["deployment"]["resources"]
    return {type: sorted(one["id"] for one in resources if one["type"] == type) for type in LISTS}


def test_up_killed_in_any_step_ends_well_when_repeated(empty_platform: Platform, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    steps = sorted(chance.sample(range(2, STEPS + 1), min(KILLED, STEPS - 1)))
    print(f"\nAURA_KILL_SEED={SEED} kills `aura up` in steps {steps}")
    killed = 0
    for step in steps:
        after = chance.uniform(0.1, 6.0) if step in (3, 4) else chance.uniform(0.05, 1.0)
        hit = kill_in(step, after, empty_platform, tmp_path / f"{step}.log")
        killed += hit
        print(f"step {step:>2} after {after:.2f} s: {'killed' if hit else 'had ended'}")
    assert killed, "no run was killed"

    assert "Emergency Calm" in empty_platform.up()
    empty_platform.run("pulumi", "preview", "--expect-no-changes", "--non-interactive")
    assert in_aws(empty_platform) == in_state(empty_platform), "a killed run left resources that are in no state"

    empty_platform.run("pulumi", "destroy", "--yes", "--non-interactive", "--skip-preview", seconds=600)
    engines = str(empty_platform.home / "engines")
    until("every engine to end", lambda: not [p for p in empty_platform.processes() if engines in p], 30)
    assert empty_platform.run("aws", "eks", "list-clusters", "--query", "length(clusters)").strip() == "0"
