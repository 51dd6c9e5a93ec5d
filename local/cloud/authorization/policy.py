"""Decides by IAM policies. Pure. Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

Statement = Mapping[str, Any]
Test = Callable[[str, str], bool]


def allows(
    documents: Iterable[Mapping[str, Any]], action: str, resources: Iterable[str], context: Mapping[str, str]
) -> bool:
    """Whether the documents together allow `action` on every one of `resources`; one Deny outweighs all others.

    No resources: the request names none that is known here. Then the action decides, and a Deny of some resources does
    not count. `context` has the values of the condition keys.
    """
    statements = [s for document in documents for s in _list(document.get("Statement", []))]
    concerned = [s for s in statements if _concerns(s, "Action", action.lower(), str.lower)]
    named = list(resources)
    if not named:
        return _any(concerned, "Allow", None, context) and not _any(concerned, "Deny", None, context)
    return all(
        _any(concerned, "Allow", resource, context) and not _any(concerned, "Deny", resource, context)
        for resource in named
    )


def _any(statements: list[Statement], effect: str, resource: str | None, context: Mapping[str, str]) -> bool:
    return any(
        s.get("Effect") == effect and _covers(s, effect, resource) and _holds(s.get("Condition", {}), context, effect)
        for s in statements
    )


def _covers(statement: Statement, effect: str, resource: str | None) -> bool:
    if resource is None:
        return effect == "Allow" or "*" in _list(statement.get("Resource", []))
    return _concerns(statement, "Resource", resource, str)


def _concerns(statement: Statement, element: str, value: str, spelled: Callable[[str], str]) -> bool:
    """By the element or by its negation, such as NotAction."""
    if f"Not{element}" in statement:
        return not any(_like(value, spelled(str(p))) for p in _list(statement[f"Not{element}"]))
    return any(_like(value, spelled(str(pattern))) for pattern in _list(statement.get(element, [])))


def _holds(conditions: Mapping[str, Any], context: Mapping[str, str], effect: str) -> bool:
    """All conditions. One with an operator that is not known here denies and never grants."""
    known = {key.lower(): value for key, value in context.items()}
    for operator, wanted in conditions.items():
        name = operator.removeprefix("ForAnyValue:").removeprefix("ForAllValues:")
        for key, values in wanted.items():
            value, texts = known.get(key.lower()), [_text(v) for v in _list(values)]
            if name == "Null":
                if (value is None) is not (texts == ["true"]):
                    return False
                continue
            test = _OPERATORS.get(name.removesuffix("IfExists").replace("Not", ""))
            if test is None:
                if effect == "Allow":
                    return False
            elif value is None:
                if not name.endswith("IfExists") and "Not" not in name:
                    return False
            elif any(test(value, text) for text in texts) is ("Not" in name):
                return False
    return True


def _like(value: str, pattern: str) -> bool:
    """* stands for any characters and ? for one; nothing else is special."""
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_OPERATORS: dict[str, Test] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
}
"""Without their negations, whose names have Not in them."""
