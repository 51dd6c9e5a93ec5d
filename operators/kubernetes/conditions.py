"""What was found out about a resource, one aspect each, and the conditions that follow from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from contracts.conditions import DEGRADED, PAUSED, PROGRESSING, READY, Condition, ConditionStatus, merge


class State(Enum):
    """How an aspect stands: as declared, on its way there, or not to be had unless somebody does something."""

    GOOD = "good"
    WAITING = "waiting"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """`type` is the condition that it becomes; `reason` one CamelCase word, `message` for people."""

    type: str
    state: State
    reason: str
    message: str


def good(type: str, reason: str, message: str) -> Finding:
    return Finding(type, State.GOOD, reason, message)


def waiting(type: str, reason: str, message: str) -> Finding:
    return Finding(type, State.WAITING, reason, message)


def broken(type: str, reason: str, message: str) -> Finding:
    return Finding(type, State.BROKEN, reason, message)


_STATUS = {
    State.GOOD: ConditionStatus.TRUE,
    State.WAITING: ConditionStatus.FALSE,
    State.BROKEN: ConditionStatus.FALSE,
}


def conditions(
    findings: Sequence[Finding], generation: int, now: datetime, previous: Sequence[Mapping[str, Any]] = ()
) -> list[Condition]:
    """Ready, Progressing and Degraded, then a condition a finding; transition times go on from `previous`.

    What is broken decides before what is awaited; the first of its kind gives reason and message.
    """
    bad = [finding for finding in findings if finding.state is State.BROKEN]
    slow = [finding for finding in findings if finding.state is State.WAITING]
    worst = (bad + slow or [good(READY, "AsDeclared", "everything is as declared")])[0]

    def condition(type: str, holds: bool, reason: str, message: str) -> Condition:
        return Condition(
            type=type,
            status=ConditionStatus.TRUE if holds else ConditionStatus.FALSE,
            reason=reason,
            message=message[:32_000],
            last_transition_time=stamp(now),
            observed_generation=generation,
        )

    found = [
        condition(READY, not bad and not slow, worst.reason, worst.message),
        condition(PROGRESSING, bool(slow), *_first(slow, "Settled", "nothing is awaited")),
        condition(DEGRADED, bool(bad), *_first(bad, "AsExpected", "nothing is broken")),
        *(condition(f.type, f.state is State.GOOD, f.reason, f.message) for f in findings),
    ]
    return merge(list(map(dict, previous)), found)


def paused(stored: Mapping[str, Any], by: str, generation: int, now: datetime) -> tuple[int, list[Condition]]:
    """What a paused resource says: what it said before, and that it is paused."""
    before = [Condition.model_validate(one) for one in stored.get("conditions", []) if one["type"] != PAUSED]
    said = Condition(
        type=PAUSED,
        status=ConditionStatus.TRUE,
        reason="PausedByAnnotation",
        message=f"left alone until the annotation {by} is taken away",
        last_transition_time=stamp(now),
        observed_generation=generation,
    )
    merged = merge(list(stored.get("conditions", [])), [*before, said])
    return stored.get("observedGeneration", 0), merged


def stamp(now: datetime) -> str:
    """A moment as Kubernetes writes it."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _first(findings: Iterable[Finding], reason: str, message: str) -> tuple[str, str]:
    for finding in findings:
        return finding.reason, finding.message
    return reason, message
