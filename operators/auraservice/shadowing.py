"""Routes of a service that somebody else serves, wholly or in part. Pure.

Wholly, since an older route claims the same host and path; in part, since a match that asks for more goes first,
whatever its age: a longer or exact path, a method, a header. What serves it has the policies of its own route, and
needs no token if that one does not. Computed from the HTTPRoutes themselves: not every gateway reports it in their
status.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.gateway import GATEWAY
from contracts.routing import Match, is_within, matches, precedence
from operators.kubernetes.manifest import Manifest, Owner, is_owned_by


@dataclass(frozen=True)
class ServedByOthers:
    """What is served by somebody else, and by whom, in words: whole routes, parts at the very path of a route, and
    parts below it, which other services may have by longer paths of their own."""

    whole: list[str]
    parts: list[str]
    below: list[str]


def served_by_others(owner: Owner, routes: Iterable[Manifest]) -> ServedByOthers:
    """`routes` are all HTTPRoutes of the namespace."""
    winners: dict[Match, Manifest] = {}
    lost: dict[Match, Manifest] = {}
    for route in sorted(filter(_counts, routes), key=_precedence):
        for match in matches(route):
            winner = winners.setdefault(match, route)
            if is_owned_by(route, owner) and not is_owned_by(winner, owner):
                lost[match] = winner
    own = [match.claim for match, route in winners.items() if is_owned_by(route, owner)]
    others = {match: route for match, route in winners.items() if match not in lost and not is_owned_by(route, owner)}
    parts: list[str] = []
    below: list[str] = []
    for match, route in others.items():
        if around := [prefix.path for prefix in own if is_within(match, prefix)]:
            (parts if match.claim.path in around else below).append(f"{match} is served by {_by(route)}")
    whole = [f"{match} is served by {_by(route)}, whose route is older" for match, route in lost.items()]
    return ServedByOthers(whole, parts, below)


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
