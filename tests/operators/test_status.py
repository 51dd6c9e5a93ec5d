"""What the conditions of HTTPRoutes say about a service."""

from __future__ import annotations

from typing import Any

import pytest

from operators.auraservice.status import routed
from operators.kubernetes.conditions import State
from tests.operators.samples import service
from tests.operators.test_shadowing import NEW, ROUTE, routes


def condition(type: str, status: str, **members: Any) -> dict[str, Any]:
    return {"type": type, "status": status, "observedGeneration": 1, **members}


ACCEPTED = condition("Accepted", "True")


@pytest.mark.parametrize(
    ("conditions", "state", "reason"),
    [
        ([], State.WAITING, "NoGatewayYet"),
        ([condition("ResolvedRefs", "True")], State.WAITING, "NoGatewayYet"),
        ([ACCEPTED], State.GOOD, "Served"),
        ([ACCEPTED, condition("Programmed", "True")], State.GOOD, "Served"),
        ([ACCEPTED, condition("Programmed", "Unknown", message="pending")], State.WAITING, "GatewayPending"),
        ([condition("Accepted", "Unknown")], State.WAITING, "GatewayPending"),
        ([ACCEPTED, condition("Programmed", "False", reason="TranslationError")], State.BROKEN, "TranslationError"),
        ([ACCEPTED, condition("SomethingElse", "Unknown")], State.GOOD, "Served"),
        ([condition("Accepted", "True", observedGeneration=0)], State.WAITING, "GatewayBehind"),
    ],
)
def test_a_route_is_served_once_the_gateway_says_so(
    conditions: list[dict[str, Any]], state: State, reason: str
) -> None:
    (route,) = routes(NEW, "2026-01-01T00:00:00Z", ROUTE)
    route["status"] = {"parents": [{"conditions": conditions}]}
    finding = routed(NEW, service(routes=[ROUTE]), [route], True)
    assert (finding.state, finding.reason) == (state, reason)


def test_a_route_without_any_word_of_a_gateway_waits() -> None:
    (route,) = routes(NEW, "2026-01-01T00:00:00Z", ROUTE)
    route["status"] = {"parents": []}
    assert routed(NEW, service(routes=[ROUTE]), [route], True).reason == "NoGatewayYet"
