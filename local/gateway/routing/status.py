"""Statuses of Gateway API objects. None means that the status is up to date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contracts.gateway import CONTROLLER_NAME
from local.gateway.objects import Gateway, GatewayClass, HTTPRoute, KongConsumer
from local.gateway.routing.plan import Condition, ListenerStatus

Status = dict[str, Any]
_KINDS = [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}]


def programmed(accepted: bool, error: str) -> Condition:
    """`error` is why the proxy could not apply the plan; "" if it did."""
    if error:
        return Condition("Programmed", False, "Invalid", error)
    return Condition("Programmed", accepted, "Programmed" if accepted else "Invalid")


def gateway_class(item: GatewayClass, now: str) -> Status | None:
    """`now` is in RFC 3339, here and below."""
    accepted = [Condition("Accepted", True, "Accepted")]
    desired = {"conditions": _conditions(accepted, item.status.get("conditions"), item.metadata.generation, now)}
    return _if_changed(item.status, desired)


def gateway(item: Gateway, listeners: Iterable[ListenerStatus], address: str, error: str, now: str) -> Status | None:
    """Addresses, conditions and listeners of a Gateway."""
    statuses, generation = list(listeners), item.metadata.generation
    usable = [listener for listener in statuses if all(condition.status for condition in listener.conditions)]
    invalid = [listener.name for listener in statuses if listener not in usable]
    accepted = (
        Condition("Accepted", True, "ListenersNotValid", f"not served: {', '.join(invalid)}")
        if invalid
        else Condition("Accepted", True, "Accepted")
    )
    known = {listener["name"]: listener for listener in item.status.get("listeners", [])}
    desired = {
        "addresses": [{"type": "IPAddress", "value": address}],
        "conditions": _conditions(
            [accepted, programmed(bool(usable), error)], item.status.get("conditions"), generation, now
        ),
        "listeners": [
            {
                "name": listener.name,
                "supportedKinds": _KINDS,
                "attachedRoutes": listener.attached_routes,
                "conditions": _conditions(
                    [*listener.conditions, programmed(listener in usable, error)],
                    known.get(listener.name, {}).get("conditions"),
                    generation,
                    now,
                ),
            }
            for listener in statuses
        ],
    }
    return _if_changed(item.status, desired)


def route(item: HTTPRoute, parents: Mapping[int, tuple[Condition, ...]], error: str, now: str) -> Status | None:
    """Status of each parentRef to a Gateway of ours; those by other controllers are kept."""
    present: list[Status] = item.status.get("parents", [])
    references = item.spec.get("parentRefs", [])
    others = [parent for parent in present if parent.get("controllerName") != CONTROLLER_NAME]
    known = [parent for parent in present if parent.get("controllerName") == CONTROLLER_NAME]
    ours: list[Status] = []
    for index, conditions in sorted(parents.items()):
        before = next((parent for parent in known if parent["parentRef"] == references[index]), {})
        accepted = all(condition.status for condition in conditions)
        decided = any(condition.type == "Programmed" for condition in conditions)
        further = [] if decided else [programmed(accepted, error)]
        ours.append(
            {
                "parentRef": references[index],
                "controllerName": CONTROLLER_NAME,
                "conditions": _conditions(
                    [*conditions, *further], before.get("conditions"), item.metadata.generation, now
                ),
            }
        )
    if not ours and not known:
        return None
    return _if_changed(item.status, {"parents": [*others, *ours]})


def consumer(item: KongConsumer, problems: Sequence[str], error: str, now: str) -> Status | None:
    """Whether all its credentials are in use."""
    found = programmed(not problems, error or "; ".join(problems))
    return _if_changed(
        item.status,
        {"conditions": _conditions([found], item.status.get("conditions"), item.metadata.generation, now)},
    )


def _conditions(desired: Iterable[Condition], before: list[Status] | None, generation: int, now: str) -> list[Status]:
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
        for condition in desired
    ]


def _if_changed(present: Status, desired: Status) -> Status | None:
    return None if all(present.get(key) == value for key, value in desired.items()) else desired
