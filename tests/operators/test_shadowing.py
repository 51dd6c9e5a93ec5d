"""Which of two services that claim one host and path is served, and what the other one's status says."""

from __future__ import annotations

from typing import Any

import pytest

from operators.auraservice import gateway
from operators.auraservice.shadowing import ServedByOthers, served_by_others
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


def by_hand(at: str, *matches: dict[str, Any], name: str = "by-hand", host: str = "api.aurawellness.com") -> Manifest:
    about = {"name": name, "namespace": "aura", "creationTimestamp": at}
    spec = {"parentRefs": [{"name": "aura"}], "hostnames": [host], "rules": [{"matches": list(matches)}]}
    return {"kind": "HTTPRoute", "metadata": about, "spec": spec}


def prefix(path: str, **more: Any) -> dict[str, Any]:
    return {"path": {"type": "PathPrefix", "value": path}, **more}


EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
NOBODY = ServedByOthers([], [], [])


def test_of_two_routes_of_one_second_the_first_by_name_is_served() -> None:
    both = routes(OLD, EARLY, ROUTE) + routes(NEW, EARLY, ROUTE)
    assert served_by_others(OLD, both).whole
    assert served_by_others(NEW, both) == NOBODY


def test_other_hosts_and_paths_and_shorter_prefixes_take_nothing() -> None:
    others = [{**ROUTE, "path": "/v1"}, {**ROUTE, "path": "/v1/X"}, {**ROUTE, "path": "/v1/xy"}]
    older = routes(OLD, EARLY, *others, {**ROUTE, "host": "api.eu.aurawellness.com"})
    exact = by_hand(EARLY, {"path": {"type": "Exact", "value": "/v1/xy"}}, prefix("/", method="GET"))
    assert served_by_others(NEW, [*older, exact, *routes(NEW, LATE, ROUTE)]) == NOBODY


@pytest.mark.parametrize(
    ("match", "part"),
    [
        (prefix("/v1/x", method="GET"), "GET api.aurawellness.com/v1/x"),
        (prefix("/v1/x/", method="GET"), "GET api.aurawellness.com/v1/x"),
        ({"path": {"type": "Exact", "value": "/v1/x"}}, "api.aurawellness.com/v1/x (Exact)"),
        (prefix("/v1/x", headers=[{"name": "X-Beta", "value": "1"}]), "api.aurawellness.com/v1/x with header X-Beta"),
    ],
)
def test_a_younger_route_that_asks_for_more_takes_a_part_which_the_status_names(
    match: dict[str, Any], part: str
) -> None:
    mine, other = routes(NEW, EARLY, ROUTE), by_hand(LATE, match)
    finding = routed(NEW, service(routes=[ROUTE]), mine, True, [*mine, other])
    assert (finding.state, finding.reason) == (State.BROKEN, "PartlyShadowed")
    assert f"{part} is served by HTTPRoute by-hand" in finding.message
    elsewhere = by_hand(LATE, match, host="other.aurawellness.com")
    assert routed(NEW, service(routes=[ROUTE]), mine, True, [*mine, elsewhere]).reason == "Served"


def test_what_another_serves_below_a_path_is_told_and_no_fault() -> None:
    mine = routes(NEW, EARLY, ROUTE, {**ROUTE, "path": "/v1/x/own"})
    deeper = routes(OLD, LATE, {**ROUTE, "path": "/v1/x/y"})
    exact = by_hand(LATE, {"path": {"type": "Exact", "value": "/v1/x/z/"}})
    spec = service(routes=[ROUTE, {**ROUTE, "path": "/v1/x/own"}])
    finding = routed(NEW, spec, mine, True, [*mine, *deeper, exact])
    assert (finding.state, finding.reason) == (State.GOOD, "Served")
    assert "api.aurawellness.com/v1/x/y is served by AuraService old" in finding.message
    assert "api.aurawellness.com/v1/x/z/ (Exact) is served by HTTPRoute by-hand" in finding.message
    assert routed(OLD, service(routes=[ROUTE]), deeper, True, [*mine, *deeper]).message == "the gateway serves 1 route"


def test_of_many_parts_the_first_are_named_and_the_others_counted() -> None:
    mine = routes(NEW, EARLY, {**ROUTE, "path": "/"})
    other = by_hand(LATE, *(prefix(f"/v{number}") for number in range(12)))
    message = routed(NEW, service(routes=[ROUTE]), mine, True, [*mine, other]).message
    assert message.count("is served by") == 5
    assert message.endswith("; and 7 more")


def test_a_route_by_hand_shadows_and_is_named() -> None:
    found = by_hand(EARLY, prefix("/v1/x/"), host="API.aurawellness.com")
    newer = routes(NEW, LATE, ROUTE)
    assert served_by_others(NEW, [*newer, found]).whole == [
        "api.aurawellness.com/v1/x is served by HTTPRoute by-hand, whose route is older"
    ]
    refused = {**found, "status": {"parents": [{"conditions": [{"type": "Accepted", "status": "False"}]}]}}
    elsewhere = {**found, "spec": {**found["spec"], "parentRefs": [{"name": "other"}]}}
    assert served_by_others(NEW, [*newer, refused, elsewhere]) == NOBODY
