"""When a health check changes its status. Pure.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.dns.model import HealthCheck

CALCULATED = "CALCULATED"


@dataclass(frozen=True)
class Standing:
    """What the probes so far say. An endpoint is taken for healthy until they say otherwise."""

    healthy: bool = True
    against: int = 0
    """Probes in a row that said the opposite."""

    def after(self, passed: bool, threshold: int) -> Standing:
        """The standing after one more probe: `threshold` of them in a row change the status."""
        if passed == self.healthy:
            return Standing(self.healthy)
        if self.against + 1 >= threshold:
            return Standing(passed)
        return Standing(self.healthy, self.against + 1)


def judge(checks: Mapping[str, HealthCheck], standings: Mapping[str, Standing]) -> Callable[[str], bool]:
    """Whether the health check with an id is healthy; one that does not exist is."""

    def healthy(id: str, seen: frozenset[str] = frozenset()) -> bool:
        check = checks.get(id)
        if check is None or id in seen:
            return True
        if check.disabled:
            return not check.inverted
        if check.type == CALCULATED:
            up = sum(healthy(child, seen | {id}) for child in check.children)
            found = up >= check.healthy_children
        else:
            found = standings.get(id, Standing()).healthy
        return found is not check.inverted

    return healthy
