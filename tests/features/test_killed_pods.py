"""A process of the platform killed while wearables stream: it restarts by itself and nothing is lost."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

import psutil
import pytest

from local.site import CHECKOUT
from tests.fixtures.platform import Platform
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def pods(platform: Platform, app: str) -> list[dict[str, Any]]:
    return [pod for pod in platform.get("pods", "-n", "aura")["items"] if pod["metadata"]["name"].startswith(f"{app}-")]


def ready(pod: dict[str, Any]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))


def restarts(platform: Platform, name: str) -> int:
    status = platform.get("pod", "-n", "aura", name)["status"]
    return sum(container["restartCount"] for container in status.get("containerStatuses", []))


def kill(pod: dict[str, Any]) -> int:
    """Kills the container's own process, below the node's shim that waits for its exit code."""
    uid = pod["metadata"]["uid"]
    shim = next(p for p in psutil.process_iter(["cmdline"]) if any(uid in word for word in p.info["cmdline"] or ()))
    victims = shim.children(recursive=True)
    assert victims, f"nothing runs in {pod['metadata']['name']}"
    for victim in victims:
        victim.send_signal(signal.SIGKILL)
    return len(victims)


def streaming(platform: Platform, *options: str) -> subprocess.Popen[str]:
    command = [str(CHECKOUT / "bin" / "aura"), "wearables", "--json", *options]
    return subprocess.Popen(command, env=platform.env, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("app", ["ingest", "bio-sync", "recommend", "operators"])
def test_a_process_killed_while_wearables_stream_costs_nothing(platform: Platform, app: str) -> None:
    until(f"{app} to be Ready", lambda: all(map(ready, pods(platform, app))), 120)
    victim = pods(platform, app)[0]
    name = victim["metadata"]["name"]
    before = restarts(platform, name)

    stored = platform.window_count()
    stream = streaming(platform, "--users", "20", "--speed", "60")
    until("the first minutes in the store", lambda: platform.window_count() > stored + 400, 60)
    kill(victim)
    printed, _ = stream.communicate(timeout=240)
    result = json.loads(printed)

    assert stream.returncode == 0, result
    assert result["sent"] == result["acked"] == result["frames"]
    assert result["lost"] == result["rows_different"] == result["events_different"] == result["duplicate_pushes"] == 0
    assert result["events"] == result["pushes"] > 0
    until(f"{name} to have been started again", lambda: restarts(platform, name) > before, 60)
    until(f"{name} to be Ready", lambda: ready(platform.get("pod", "-n", "aura", name)), 120)
