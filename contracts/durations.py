"""Durations as written in a custom resource: `250ms`, `60s`, `5m`, `24h`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.rules import Checked, Rule, value_of

PATTERN = r"^[1-9][0-9]{0,8}(ms|s|m|h|d)$"
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(duration: str) -> int:
    """`1500ms` is 1500, `2m` is 120000; raises ValueError on anything that PATTERN refuses."""
    if not re.fullmatch(PATTERN, duration):
        raise ValueError(f"{duration!r} is not a duration: write a positive integer and ms, s, m, h or d, as in 60s")
    number = duration.rstrip("mshd")
    return int(number) * _MILLISECONDS[duration[len(number) :]]


def seconds(duration: str) -> float:
    """`1500ms` is 1.5."""
    return milliseconds(duration) / 1000


def delta(duration: str) -> timedelta:
    """`7d` as a timedelta."""
    return timedelta(milliseconds=milliseconds(duration))


def _checked(duration: str) -> str:
    milliseconds(duration)
    return duration


Duration = Annotated[str, Field(pattern=PATTERN, max_length=12), AfterValidator(_checked)]


def between(least: str, most: str) -> Checked:
    """Bounds of an annotated Duration, both allowed. A malformed one passes here: its own pattern refuses it."""
    first, last = milliseconds(least), milliseconds(most)
    return Checked(
        f"{_cel(['self'])}.all(ms, {first} <= ms && ms <= {last})",
        f"must be {least} to {most}",
        lambda duration: first <= milliseconds(duration) <= last,
    )


def duration_rule(condition: str, message: str, field: str, **durations: str) -> Rule:
    """Requires that `condition` holds for durations: a CEL expression in which `ms` lists their milliseconds.

    `durations` names the members in this order, with the default of each. A malformed duration passes here: its own
    pattern refuses it.
    """
    ms = _cel([value_of("self", member, default) for member, default in durations.items()])
    return Rule(f"[{ms}].all(ms, ms.size() < {len(durations)} || {condition})", message, f".{field}")


def _cel(durations: list[str]) -> str:
    """A CEL list of the milliseconds of these CEL expressions, without those that PATTERN refuses."""
    units = ", ".join(f"'{unit}': {factor}" for unit, factor in _MILLISECONDS.items())
    in_milliseconds = f"int(d.find('^[0-9]+')) * {{{units}}}[d.find('[a-z]+$')]"
    return f"[{', '.join(durations)}].filter(d, d.matches('{PATTERN}')).map(d, {in_milliseconds})"
