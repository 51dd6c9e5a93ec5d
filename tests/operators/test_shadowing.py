"""Which of two services that claim one host and path is served, and what the other one's status says."""

from __future__ import annotations

from typing import Any

from operators.auraservice import gateway
from operators.auraservice.shadowing import shadowed
from operators.auraservice.status import routed
from operators.kubernetes.conditions import State
from operators.kubernetes.manifest import Manifest, Owner
from tests.operators.samples import dependencies, service

OLD = Owner("AuraService", "aura", "old", "uid-old")
NEW = Owner("AuraService", "aura", "new", "uid-new")
ROUTE = {"host": "api.aurawellness.com", "path": "/v1/x", "auth": "jwt"}


def routes(owner: Owner, at: str, *written: dict[str, Any]) -> list[Manifest]:
    """HTTPRoutes as the API server returns them, served by the gateway."""
    found = gateway.routes(owner, service(routes=list(written)), dependencies())
    conditions = [{"type": "Accepted", "status": "True", "observedGeneration": 1}]
    return [
        {
            **one,
            "metadata": {**one["metadata"], "creationTimestamp": at, "generation": 1},
            "status": {"parents": [{"conditions": conditions}]},
        }
        for one in found
        if one["kind"] == "HTTPRoute"
    ]


def test_the_older_route_is_served_and_the_other_service_says_by_whom() -> None:
    older, newer = routes(OLD, "2026-01-01T00:00:00Z", ROUTE), routes(NEW, "2026-01-02T00:00:00Z", ROUTE)
    spec = service(routes=[ROUTE])
    assert routed(OLD, spec, older, True, newer + older).reason == "Served"
    finding = routed(NEW, spec, newer, True, newer + older)
    assert (finding.state, finding.reason) == (State.BROKEN, "Shadowed")
    assert "api.aurawellness.com/v1/x is served by AuraService old" in finding.message


def test_of_two_routes_of_one_second_the_first_by_name_is_served() -> None:
    at = "2026-01-01T00:00:00Z"
    both = routes(OLD, at, ROUTE) + routes(NEW, at, ROUTE)
    assert shadowed(OLD, both)
    assert not shadowed(NEW, both)


def test_only_the_same_host_and_path_shadow() -> None:
    others = [
        {**ROUTE, "path": "/v1"},
        {**ROUTE, "path": "/v1/x/y"},
        {**ROUTE, "path": "/v1/X"},
        {**ROUTE, "host": "api.eu.aurawellness.com"},
    ]
    older = routes(OLD, "2026-01-01T00:00:00Z", *others)
    assert not shadowed(NEW, older + routes(NEW, "2026-01-02T00:00:00Z", ROUTE))


def test_a_route_by_hand_shadows_and_is_named() -> None:
    by_hand = {
        "kind": "HTTPRoute",
        "metadata": {"name": "by-hand", "namespace": "aura", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {
            "parentRefs": [{"name": "aura"}],
            "hostnames": ["API.aurawellness.com"],
            "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/v1/x/"}}]}],
        },
    }
    newer = routes(NEW, "2026-01-02T00:00:00Z", ROUTE)
    assert shadowed(NEW, [*newer, by_hand]) == [
        "api.aurawellness.com/v1/x is served by HTTPRoute by-hand, whose route is older"
    ]
    refused = {**by_hand, "status": {"parents": [{"conditions": [{"type": "Accepted", "status": "False"}]}]}}
    elsewhere = {**by_hand, "spec": {**by_hand["spec"], "parentRefs": [{"name": "other"}]}}
    assert not shadowed(NEW, [*newer, refused, elsewhere])
