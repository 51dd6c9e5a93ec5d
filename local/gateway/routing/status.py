"""Status of the gateway's objects, as the Gateway API words it (pure). None means that nothing has to be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from local.gateway.objects import Gateway, GatewayClass, HTTPRoute
from local.gateway.routing.compile import CONTROLLER
from local.gateway.routing.plan import Condition, ListenerVerdict

Status = dict[str, Any]
_KINDS = [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}]


def programmed(accepted: bool, fault: str) -> Condition:
    """`fault` is why the proxy does not serve what is declared; "" when it does."""
    if fault:
        return Condition("Programmed", False, "Invalid", fault)
    return Condition("Programmed", accepted, "Programmed" if accepted else "Invalid")


def gateway_class(item: GatewayClass, now: str) -> Status | None:
    """`now` is RFC 3339, here and below."""
    accepted = [Condition("Accepted", True, "Accepted")]
    wanted = {"conditions": _conditions(accepted, item.status.get("conditions"), item.metadata.generation, now)}
    return _if_other(item.status, wanted)


def gateway(item: Gateway, listeners: Iterable[ListenerVerdict], address: str, fault: str, now: str) -> Status | None:
    """Addresses, conditions and listeners of a Gateway of ours."""
    verdicts, generation = list(listeners), item.metadata.generation
    usable = [verdict for verdict in verdicts if all(condition.status for condition in verdict.conditions)]
    faulty = [verdict.name for verdict in verdicts if verdict not in usable]
    accepted = (
        Condition("Accepted", True, "ListenersNotValid", f"not served: {', '.join(faulty)}")
        if faulty
        else Condition("Accepted", True, "Accepted")
    )
    known = {listener["name"]: listener for listener in item.status.get("listeners", [])}
    wanted = {
        "addresses": [{"type": "IPAddress", "value": address}],
        "conditions": _conditions(
            [accepted, programmed(bool(usable), fault)], item.status.get("conditions"), generation, now
        ),
        "listeners": [
            {
                "name": verdict.name,
                "supportedKinds": _KINDS,
                "attachedRoutes": verdict.attached,
                "conditions": _conditions(
                    [*verdict.conditions, programmed(verdict in usable, fault)],
                    known.get(verdict.name, {}).get("conditions"),
                    generation,
                    now,
                ),
            }
            for verdict in verdicts
        ],
    }
    return _if_other(item.status, wanted)


def route(item: HTTPRoute, verdicts: Mapping[int, tuple[Condition, ...]], fault: str, now: str) -> Status | None:
    """What we say about each parentRef of ours; what other controllers say is kept."""
    parents: list[Status] = item.status.get("parents", [])
    references = item.spec.get("parentRefs", [])
    others = [parent for parent in parents if parent.get("controllerName") != CONTROLLER]
    known = [parent for parent in parents if parent.get("controllerName") == CONTROLLER]
    ours: list[Status] = []
    for index, conditions in sorted(verdicts.items()):
        before = next((parent for parent in known if parent["parentRef"] == references[index]), {})
        accepted = all(condition.status for condition in conditions)
        said = [*conditions, programmed(accepted, fault)]
        ours.append(
            {
                "parentRef": references[index],
                "controllerName": CONTROLLER,
                "conditions": _conditions(said, before.get("conditions"), item.metadata.generation, now),
            }
        )
    if not ours and not known:
        return None
    return _if_other(item.status, {"parents": [*others, *ours]})


def _conditions(wanted: Iterable[Condition], before: list[Status] | None, generation: int, now: str) -> list[Status]:
    since = {(item["type"], item["status"]): item["lastTransitionTime"] for item in before or []}
    return [
        {
            "type": condition.type,
            "status": str(condition.status),
            "reason": condition.reason,
            "message": condition.message,
            "observedGeneration": generation,
            "lastTransitionTime": since.get((condition.type, str(condition.status)), now),
        }
        for condition in wanted
    ]


def _if_other(present: Status, wanted: Status) -> Status | None:
    return None if all(present.get(key) == value for key, value in wanted.items()) else wanted
