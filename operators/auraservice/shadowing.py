"""Routes of a service that are not served, since an older route claims the same host and path. Pure.

Computed from the HTTPRoutes themselves: not every gateway reports it in their status.
"""

from __future__ import annotations

from collections.abc import Iterable

from contracts.gateway import GATEWAY
from contracts.routing import Claim, claims, precedence
from operators.kubernetes.manifest import Manifest, Owner, is_owned_by


def shadowed(owner: Owner, routes: Iterable[Manifest]) -> list[str]:
    """What is served by somebody else, and by whom, in words; `routes` are all HTTPRoutes of the namespace."""
    winners: dict[Claim, Manifest] = {}
    found: list[str] = []
    for route in sorted(filter(_counts, routes), key=_precedence):
        for claim in claims(route):
            winner = winners.setdefault(claim, route)
            if is_owned_by(route, owner) and not is_owned_by(winner, owner):
                found.append(f"{claim.host}{claim.path} is served by {_by(winner)}, whose route is older")
    return found


def _counts(route: Manifest) -> bool:
    """Whether the platform's gateway serves it: it is attached, not being deleted, and no gateway refused it."""
    attached = any(parent.get("name") == GATEWAY for parent in route["spec"].get("parentRefs", []))
    refused = any(
        (condition["type"], condition["status"]) == ("Accepted", "False")
        for parent in route.get("status", {}).get("parents", [])
        for condition in parent.get("conditions", [])
    )
    return attached and not refused and "deletionTimestamp" not in route["metadata"]


def _precedence(route: Manifest) -> tuple[str, str, str]:
    meta = route["metadata"]
    return precedence(meta.get("creationTimestamp", ""), meta["namespace"], meta["name"])


def _by(route: Manifest) -> str:
    meta = route["metadata"]
    owners = [f"{one['kind']} {one['name']}" for one in meta.get("ownerReferences", []) if one.get("controller")]
    return owners[0] if owners else f"HTTPRoute {meta['name']}"
