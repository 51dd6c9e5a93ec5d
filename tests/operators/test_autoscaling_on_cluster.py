"""An AuraService that is busy gets more Pods, and lets them go: by its autoscaler, on real metrics."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from contracts.resource import PAUSED
from tests.operators.conftest import NAMESPACE, Installation
from tests.operators.test_auraservice_on_cluster import SPEC

pytestmark = pytest.mark.integration
NAME = "busy"


def pods(installation: Installation) -> list[dict[str, Any]]:
    """Those that are ready."""
    found = installation.cluster.get("pods", "-n", NAMESPACE, "-l", f"app.kubernetes.io/name={NAME}")["items"]
    return [
        one
        for one in found
        if "deletionTimestamp" not in one["metadata"]
        and {"type": "Ready", "status": "True"}.items()
        <= next((c for c in one["status"].get("conditions", []) if c["type"] == "Ready"), {}).items()
    ]


@contextmanager
def requests_to(address: str) -> Iterator[None]:
    """One request after the other until the end of the block."""
    over = threading.Event()

    def send() -> None:
        while not over.is_set():
            with suppress(OSError), urllib.request.urlopen(f"http://{address}:8080/healthz", timeout=5) as answer:
                answer.read()

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=10)


@pytest.mark.timeout(400)
def test_a_busy_service_gets_a_pod_more_and_lets_it_go(installation: Installation) -> None:
    replicas = {"min": 1, "max": 2, "targetCPUPercent": 50}
    resources = {"cpu": "100m", "memory": "128Mi"}
    installation.apply("AuraService", NAME, SPEC | {"replicas": replicas, "resources": resources})
    (first,) = installation.cluster.until(lambda: pods(installation), 90)
    with requests_to(first["status"]["podIP"]):
        installation.cluster.until(lambda: len(pods(installation)) == 2, 120)
    # The window of production is five minutes. Nobody but the operators may change it, so they pause.
    installation.kubectl("annotate", "auraservice", NAME, f"{PAUSED}=true")
    installation.until_reason("auraservice", NAME, "Paused", "PausedByAnnotation")
    at_once = {"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}}
    installation.kubectl("patch", "hpa", NAME, "--type=merge", "-p", json.dumps(at_once))
    installation.cluster.until(lambda: len(pods(installation)) == 1, 120)
    installation.kubectl("delete", "auraservice", NAME, "--wait=false")
