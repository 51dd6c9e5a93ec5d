"""What survives a killed endpoint, and `aura down`."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import Any

import psutil
import pytest
import yaml

from contracts.resource import API_VERSION
from tests.fixtures.platform import Platform
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def endpoint_pid(platform: Platform) -> int:
    for process in psutil.process_iter(["cmdline", "environ"]):
        if "local.cloud" in (process.info["cmdline"] or ()) and str(platform.home) in str(process.info["environ"]):
            return process.pid
    pytest.fail("no AWS endpoint runs")


POD = "/pods/"
"""Of containers: an autoscaler or a rollout may end some meanwhile."""


def databases(platform: Platform) -> list[dict[str, Any]]:
    """Their descriptions, without the one time that always changes."""
    answer = json.loads(platform.run("aws", "rds", "describe-db-instances", "--output", "json"))
    return [{k: v for k, v in one.items() if k != "LatestRestorableTime"} for one in answer["DBInstances"]]


def engines(platform: Platform) -> dict[str, int]:
    """Pids of the engines by name, from the records that adoption goes by."""
    found = {}
    for record in platform.home.glob("engines/**/*.process"):
        found[str(record.relative_to(platform.home))] = int(record.read_text().split()[0])
    return found


def test_the_endpoint_killed_forgets_nothing_and_adopts_its_engines(platform: Platform) -> None:
    described, before = databases(platform), engines(platform)
    os.kill(endpoint_pid(platform), signal.SIGKILL)
    platform.up()

    assert databases(platform) == described
    after = engines(platform)
    assert {name: pid for name, pid in after.items() if POD not in name} == {
        name: pid for name, pid in before.items() if POD not in name
    }
    assert {name: pid for name, pid in after.items() if before.get(name, pid) != pid} == {}, "it was started again"


def test_down_and_up_keeps_the_data(platform: Platform) -> None:
    before = platform.window_count()
    assert before > 0
    platform.aura("down")
    assert platform.processes() == []
    platform.up()
    assert platform.window_count() >= before
    until("all Pods to be Ready", lambda: "not ready" not in platform.aura("status", check=False), 120)


def test_up_tells_of_a_service_of_others_that_is_broken_and_does_not_wait_for_it(platform: Platform) -> None:
    metadata = {"name": "of-others", "namespace": "aura"}
    spec = {"image": "nowhere/none:1", "ports": {"http": 8080}, "replicas": {"min": 1, "max": 1}, "placement": "spot"}
    service = {"apiVersion": API_VERSION, "kind": "AuraService", "metadata": metadata, "spec": spec}
    platform.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(service))
    try:
        platform.up()
        assert re.search("not waited for: .*AuraService of-others: .*", platform.up_output)
    finally:
        platform.kubectl("delete", "auraservice", "-n", "aura", "of-others")
