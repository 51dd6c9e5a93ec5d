"""Whether a role's trust policy lets a service assume it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

PODS = "pods.eks.amazonaws.com"
POD_ACTIONS = ("sts:AssumeRole", "sts:TagSession")
"""What a role of Pods must let that service do (UG, Create IAM role with trust policy required by EKS Pod Identity)."""


def trusts(document: str | Mapping[str, Any], service: str, actions: Iterable[str] = ("sts:AssumeRole",)) -> bool:
    """Whether statements let the service do all `actions`, under whatever conditions."""
    return all(any(_names(s, service, action) for s in _statements(document, "Allow")) for action in actions)


def may_assume(document: str | Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Whether Pods may assume the role, given the values of the condition keys in `context`.

    A statement with an operator or a key that is not known here does not hold: that denies, and never grants.
    """

    def decides(effect: str, action: str) -> bool:
        return any(_names(s, PODS, action) and _holds(s, context, effect) for s in _statements(document, effect))

    return all(decides("Allow", action) and not decides("Deny", action) for action in POD_ACTIONS)


def _statements(document: str | Mapping[str, Any], effect: str) -> list[Mapping[str, Any]]:
    policy = json.loads(document) if isinstance(document, str) else document
    return [s for s in _list(policy.get("Statement", [])) if isinstance(s, Mapping) and s.get("Effect") == effect]


def _names(statement: Mapping[str, Any], service: str, action: str) -> bool:
    principal = statement.get("Principal", {})
    services = _list(principal.get("Service", [])) if isinstance(principal, Mapping) else _list(principal)
    actions = [str(pattern).lower() for pattern in _list(statement.get("Action", []))]
    return (service in services or "*" in services) and any(fnmatchcase(action.lower(), p) for p in actions)


def _holds(statement: Mapping[str, Any], context: Mapping[str, str], effect: str) -> bool:
    known = {key.lower(): value for key, value in context.items()}
    for operator, conditions in statement.get("Condition", {}).items():
        for key, wanted in conditions.items():
            value, name = known.get(key.lower()), operator.removeprefix("ForAnyValue:")
            if value is None and name.endswith("IfExists"):
                continue
            test = _OPERATORS.get(name.removesuffix("IfExists"))
            if test is None:
                return effect == "Deny"
            if value is None:
                if "Not" not in name:
                    return False
            elif not test(value, [str(pattern) for pattern in _list(wanted)]):
                return False
    return True


def _any(test: Callable[[str, str], bool], negated: bool = False) -> Callable[[str, Iterable[str]], bool]:
    return lambda value, patterns: any(test(value, pattern) for pattern in patterns) is not negated


_OPERATORS: dict[str, Callable[[str, list[str]], bool]] = {
    "StringEquals": _any(lambda value, wanted: value == wanted),
    "StringNotEquals": _any(lambda value, wanted: value == wanted, negated=True),
    "StringEqualsIgnoreCase": _any(lambda value, wanted: value.lower() == wanted.lower()),
    "StringLike": _any(fnmatchcase),
    "StringNotLike": _any(fnmatchcase, negated=True),
    "ArnEquals": _any(fnmatchcase),
    "ArnLike": _any(fnmatchcase),
    "ArnNotEquals": _any(fnmatchcase, negated=True),
    "ArnNotLike": _any(fnmatchcase, negated=True),
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
