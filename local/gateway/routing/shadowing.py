"""Which of several routes that claim the same host and path is served, and what the others' statuses say."""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts.routing import Claim, claim, precedence
from local.gateway.objects import HTTPRoute, NamespacedName
from local.gateway.routing.plan import Condition, RouteMatch


def age(route: HTTPRoute) -> tuple[str, str, str]:
    """Sorts routes in the order in which they claim."""
    return precedence(route.metadata.creation_timestamp, *route.key)


@dataclass
class Claims:
    """The claims of all listeners by port; routes claim in the order of `age`."""

    _claimed: dict[tuple[int, Claim], NamespacedName] = field(default_factory=dict)

    def winner(self, route: NamespacedName, port: int, match: RouteMatch) -> NamespacedName:
        """The route that serves this match: `route`, or an older one that claimed the same."""
        wanted = claim(match.host, match.path_type, match.path, match.method)
        return self._claimed.setdefault((port, wanted), route)


def conditions(shadowed: dict[RouteMatch, NamespacedName], served: bool) -> list[Condition]:
    """Those of a route of which these matches are served by older routes; `served`: others are served."""
    if not shadowed:
        return []
    taken = [
        f"{match.host}{match.path} is served by HTTPRoute {winner[1]}, which is older"
        for match, winner in shadowed.items()
    ]
    return [Condition("PartiallyInvalid" if served else "Programmed", served, "Shadowed", "; ".join(taken))]
