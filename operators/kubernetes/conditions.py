"""Findings about a resource, one per aspect, and the conditions that follow from them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from contracts.conditions import DEGRADED, PAUSED, PROGRESSING, READY, Condition, ConditionStatus, merge


class State(Enum):
    """State of an aspect: as declared, in progress, or broken until somebody acts."""

    GOOD = "good"
    WAITING = "waiting"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """`type` is the type of the condition; `reason` one CamelCase word, `message` for humans.

    A `problem` names what is wrong, so that its condition is True while it is not good.
    """

    type: str
    state: State
    reason: str
    message: str
    problem: bool = False


def good(type: str, reason: str, message: str) -> Finding:
    return Finding(type, State.GOOD, reason, message)


def waiting(type: str, reason: str, message: str) -> Finding:
    return Finding(type, State.WAITING, reason, message)


def broken(type: str, reason: str, message: str) -> Finding:
    return Finding(type, State.BROKEN, reason, message)


SECRETS_SYNCED = "SecretsSynced"
"""Of both kinds: whether what AWS Secrets Manager holds has reached the Pods."""
_MAX_MESSAGE_LENGTH = 32_000


def conditions(
    findings: Sequence[Finding], generation: int, now: datetime, previous: Sequence[Mapping[str, Any]] = ()
) -> list[Condition]:
    """Ready, Progressing and Degraded, then one condition per finding; transition times are kept from `previous`.

    Broken findings take precedence over waiting ones; the first of them gives reason and message.
    """
    broken_ones = [finding for finding in findings if finding.state is State.BROKEN]
    waiting_ones = [finding for finding in findings if finding.state is State.WAITING]
    worst = (broken_ones + waiting_ones or [good(READY, "AsDeclared", "everything is as declared")])[0]

    def condition(type: str, holds: bool, reason: str, message: str) -> Condition:
        return Condition(
            type=type,
            status=ConditionStatus.TRUE if holds else ConditionStatus.FALSE,
            reason=_word(reason),
            message=_text(message),
            last_transition_time=rfc3339(now),
            observed_generation=generation,
        )

    current = [
        condition(READY, not broken_ones and not waiting_ones, worst.reason, worst.message),
        condition(PROGRESSING, bool(waiting_ones), *_first(waiting_ones, "Settled", "nothing is in progress")),
        condition(DEGRADED, bool(broken_ones), *_first(broken_ones, "AsExpected", "nothing is broken")),
        *(condition(f.type, (f.state is State.GOOD) is not f.problem, f.reason, f.message) for f in findings),
    ]
    return merge(list(map(dict, previous)), current)


def paused_conditions(
    stored: Mapping[str, Any], annotation: str, generation: int, now: datetime
) -> tuple[int, list[Condition]]:
    """observedGeneration and conditions of a paused resource: those stored, and Paused."""
    before = [Condition.model_validate(one) for one in stored.get("conditions", []) if one["type"] != PAUSED]
    pause = Condition(
        type=PAUSED,
        status=ConditionStatus.TRUE,
        reason="PausedByAnnotation",
        message=f"not reconciled until the annotation {annotation} is removed",
        last_transition_time=rfc3339(now),
        observed_generation=generation,
    )
    merged = merge(list(stored.get("conditions", [])), [*before, pause])
    return stored.get("observedGeneration", 0), merged


def rfc3339(now: datetime) -> str:
    """A timestamp as Kubernetes writes it (metav1.Time)."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _word(reason: str) -> str:
    """`reason` as the schema accepts it: the reasons of other controllers go through here too."""
    return re.sub(r"[^A-Za-z0-9_]+", "", reason).lstrip("0123456789_")[:256] or "Unknown"


def _text(message: str) -> str:
    """`message` in the length that the schema accepts, without what is no character."""
    return message.encode(errors="replace").decode()[:_MAX_MESSAGE_LENGTH]


def _first(findings: Iterable[Finding], reason: str, message: str) -> tuple[str, str]:
    for finding in findings:
        return finding.reason, finding.message
    return reason, message
