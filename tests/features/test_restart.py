"""What survives: the endpoint's death, and a night switched off."""

from __future__ import annotations

import json
import os
import signal

import psutil
import pytest

from tests.fixtures.platform import Platform, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def rows(platform: Platform) -> int:
    """Windows in the time-series store, counted by the API that the app uses is one person's; so count them all."""
    uri = platform.kubectl(
        "get", "secret", "-n", "aura", "timeseries-app", "-o", "go-template={{.data.uri|base64decode}}"
    )
    return int(platform.run("psql", uri.strip(), "-At", "-c", "select count(*) from hrv_1m").strip())


def endpoint_pid(platform: Platform) -> int:
    for process in psutil.process_iter(["cmdline", "environ"]):
        if "local.cloud" in (process.info["cmdline"] or ()) and str(platform.home) in str(process.info["environ"]):
            return process.pid
    pytest.fail("no AWS endpoint runs")


def engines(platform: Platform) -> dict[str, int]:
    """Pids of the engines by name, from the records that adoption goes by."""
    found = {}
    for record in platform.home.glob("engines/**/*.process"):
        found[str(record.relative_to(platform.home))] = int(record.read_text().split()[0])
    return found


def test_the_endpoint_killed_forgets_nothing_and_adopts_its_engines(platform: Platform) -> None:
    described = platform.run("aws", "rds", "describe-db-instances", "--output", "json")
    before = engines(platform)
    os.kill(endpoint_pid(platform), signal.SIGKILL)
    platform.up()

    after = json.loads(platform.run("aws", "rds", "describe-db-instances", "--output", "json"))
    assert after["DBInstances"] == json.loads(described)["DBInstances"]
    assert engines(platform) == before


def test_down_and_up_keeps_the_data(platform: Platform) -> None:
    before = rows(platform)
    assert before > 0
    platform.aura("down")
    assert platform.processes() == []
    platform.up()
    assert rows(platform) >= before
    eventually("all Pods to be Ready", lambda: "not ready" not in platform.aura("status", check=False), 120)
