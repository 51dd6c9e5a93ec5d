"""Findings from the live objects of a service. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.auraservice import AuraServiceSpec
from operators.auraservice.shadowing import served_by_others
from operators.kubernetes.conditions import Finding, broken, good, waiting
from operators.kubernetes.manifest import Manifest, Owner

AVAILABLE = "Available"
ROUTED = "Routed"
DATABASE = "DatabaseReady"
_TOLD = 5


def routed(
    owner: Owner, spec: AuraServiceSpec, live: Iterable[Manifest], served: bool, routes: Iterable[Manifest] = ()
) -> Finding:
    """Whether the gateway serves all routes: it reports this in each HTTPRoute's status, with observedGeneration.

    `routes` are all HTTPRoutes of the namespace: one that is older, or asks for more, may take the traffic of one of
    these.
    """
    if not spec.routes:
        return good(ROUTED, "NotRouted", "no route leads here from outside")
    if not served:
        return broken(ROUTED, "NoGatewayAPI", "the cluster does not serve gateway.networking.k8s.io/v1 HTTPRoute")
    found = [one for one in live if one["kind"] == "HTTPRoute"]
    if len(found) < len(spec.routes):
        return waiting(ROUTED, "RouteMissing", f"{len(found)} of {len(spec.routes)} HTTPRoutes exist")
    taken = served_by_others(owner, routes)
    if taken.whole:
        return broken(ROUTED, "Shadowed", f"{_few(taken.whole)}; declare another host or path, or delete that route")
    if taken.parts:
        guard = "what guards it is said by that route alone"
        return broken(ROUTED, "PartlyShadowed", f"{_few(taken.parts)}, which asks for more than this route: {guard}")
    for route in found:
        name = route["metadata"]["name"]
        parents = route.get("status", {}).get("parents", [])
        if not parents or not all(map(_is_judged, parents)):
            return waiting(ROUTED, "NoGatewayYet", f"no gateway has reported on HTTPRoute {name} yet")
        for condition in (one for parent in parents for one in parent.get("conditions", [])):
            if condition.get("observedGeneration", 0) < route["metadata"].get("generation", 0):
                return waiting(
                    ROUTED,
                    "GatewayBehind",
                    f"the gateway has not observed the newest HTTPRoute {name} yet",
                )
            if condition["type"] not in ("Accepted", "ResolvedRefs", "Programmed"):
                continue
            message = f"HTTPRoute {name}: {condition.get('message', '')}"
            if condition["status"] == "False":
                return broken(ROUTED, condition.get("reason", "Refused"), message)
            if condition["status"] != "True":
                return waiting(ROUTED, "GatewayPending", f"{condition['type']} is not known yet: {message}")
    message = f"the gateway serves {len(found)} route{'s' * (len(found) != 1)}"
    return good(ROUTED, "Served", f"{message}, but {_few(taken.below)}" if taken.below else message)


def _few(parts: list[str]) -> str:
    """The first of what may be many."""
    more = f"; and {len(parts) - _TOLD} more" if len(parts) > _TOLD else ""
    return "; ".join(parts[:_TOLD]) + more


def _is_judged(parent: Manifest) -> bool:
    """Whether the controller of this Gateway has said if it takes the route."""
    return any(condition["type"] == "Accepted" for condition in parent.get("conditions", []))
