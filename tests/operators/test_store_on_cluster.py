"""The time-series store's Cluster, on a real API server with the operators running."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.operators.conftest import MANIFESTS, NAMESPACE, Installation

pytestmark = pytest.mark.integration


def declared() -> dict[str, Any]:
    documents = yaml.safe_load_all((MANIFESTS / "base" / "timeseries.yaml").read_text())
    return next(one for one in documents if one["kind"] == "Cluster")


def warnings(installation: Installation) -> list[dict[str, Any]]:
    found = json.loads(installation.kubectl("get", "events", "-o", "json"))["items"]
    return [one for one in found if one["involvedObject"]["kind"] == "Cluster" and one["type"] == "Warning"]


def test_a_failed_reconcile_of_the_store_stands_in_an_event_of_its_cluster(installation: Installation) -> None:
    installation.configure(REGION_ROLE="neither")
    try:
        installation.cluster.apply(declared(), namespace=NAMESPACE)
        first = installation.cluster.until(lambda: warnings(installation))[0]
    finally:
        installation.kubectl("delete", "clusters.postgresql.cnpg.io", "timeseries", "--ignore-not-found")
        installation.configure(REGION_ROLE=None)
    assert first["involvedObject"]["name"] == "timeseries"
    assert first["reason"] == "ReconcileError"
    assert first["message"].startswith("ValueError: 'neither' is not a valid RegionRole; existing objects and data")
