"""Addresses of Services that are needed, and what is said of those that have none."""

from __future__ import annotations

import pytest

from operators.auraservice.dependencies import needs_met
from operators.kubernetes.conditions import State
from operators.kubernetes.services import Address, address
from tests.operators.samples import dependencies, service


def test_the_port_http_is_used_in_any_position() -> None:
    ports = [{"name": "grpc", "port": 9090}, {"name": "http", "port": 8080}]
    assert address({"spec": {"clusterIP": "10.0.0.1", "ports": ports}}) == Address("10.0.0.1", 8080)
    assert address({"spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]}}) == Address("10.0.0.1", 80)


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "ExternalName", "externalName": "example.com"},
        {"clusterIP": "None", "ports": [{"port": 80}]},
        {"clusterIP": "10.0.0.1"},
    ],
    ids=["ExternalName", "headless", "no port"],
)
def test_a_service_without_a_cluster_ip_is_named_in_the_finding(spec: dict[str, object]) -> None:
    assert address({"spec": spec}) is None
    finding = needs_met(service(needs=["legacy"]), dependencies(services={"legacy": address({"spec": spec})}))
    assert (finding.state, finding.reason) == (State.BROKEN, "ServiceUnusable")
    assert "legacy" in finding.message
