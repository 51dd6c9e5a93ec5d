"""What a region's state lets the operators do. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.region_state import RegionState
from operators.kubernetes.conditions import Finding, State

FENCED = "Fenced"
"""Condition of a resource whose region may not write: True, with the reason."""


@dataclass(frozen=True)
class Standing:
    """`writes`: whether databases, topics and tables of the region may be written."""

    state: RegionState
    reason: str = ""

    @property
    def writes(self) -> bool:
        return self.state is RegionState.ACTIVE


ALONE = Standing(RegionState.ACTIVE)
"""In a stack without a passive region."""


def findings(standing: Standing) -> list[Finding]:
    """Fenced, while the region should serve and may not; a region that stands by is as it should be."""
    if standing.state is not RegionState.FENCED:
        return []
    message = f"{standing.reason}; nothing is written to databases and topics, which are intact: docs/operations.md"
    return [Finding(FENCED, State.BROKEN, "RegionFenced", message, problem=True)]
