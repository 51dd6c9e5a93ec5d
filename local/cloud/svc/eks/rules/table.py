"""A table of rules: what must not be, AWS's error for it, and where AWS says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from local.cloud.service.errors import AwsError

T = TypeVar("T")


@dataclass(frozen=True)
class Rule(Generic[T]):
    broken: Callable[[T], str | None]
    """The message when the facts break the rule; else None or an empty text."""
    source: str
    """The page of the API reference, of the User Guide (UG), or of an error that AWS gave."""
    code: str = "InvalidParameterException"


def check(rules: Iterable[Rule[T]], facts: T) -> None:
    """Raises AwsError for the first rule that the facts break."""
    for rule in rules:
        message = rule.broken(facts)
        if message:
            raise AwsError(rule.code, message)
