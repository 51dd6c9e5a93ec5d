"""Cross-origin requests. Source: Amazon S3 User Guide, "Using cross-origin resource sharing (CORS)"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from local.cloud.service.errors import AwsError

_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


@dataclass(frozen=True)
class CorsRule:
    """A rule of a bucket; origins and headers may each have one wildcard `*`."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age: int | None = None


def preflight(rules: Sequence[CorsRule], origin: str, method: str, asked: str) -> dict[str, str]:
    """Headers of the answer to a preflight; `asked` is Access-Control-Request-Headers. Raises AwsError."""
    if not origin:
        raise AwsError("BadRequest", "Insufficient information. Origin request header needed.", 400)
    if not method:
        raise AwsError("BadRequest", "Invalid Access-Control-Request-Method: null", 400)
    if not rules:
        raise AwsError("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", 403)
    names = [name.strip().lower() for name in asked.split(",") if name.strip()]
    rule = next((rule for rule in rules if _admits(rule, origin, method, names)), None)
    if rule is None:
        message = "CORSResponse: This CORS request is not allowed by any rule of the bucket."
        raise AwsError("AccessForbidden", message, 403)
    return _headers(rule, origin) | ({"Access-Control-Allow-Headers": ", ".join(names)} if names else {})


def of_answer(rules: Sequence[CorsRule], origin: str, method: str) -> dict[str, str]:
    """Headers that let a page of `origin` read the answer; none when no rule admits it."""
    rule = next((rule for rule in rules if _admits(rule, origin, method, ())), None)
    return _headers(rule, origin) if rule and origin else {}


def _admits(rule: CorsRule, origin: str, method: str, headers: Sequence[str]) -> bool:
    return (
        any(_matches(pattern, origin) for pattern in rule.origins)
        and method in rule.methods
        and all(any(_matches(pattern.lower(), name) for pattern in rule.headers) for name in headers)
    )


def _headers(rule: CorsRule, origin: str) -> dict[str, str]:
    any_origin = "*" in rule.origins
    headers = {
        "Access-Control-Allow-Origin": "*" if any_origin else origin,
        "Access-Control-Allow-Methods": ", ".join(rule.methods),
        "Vary": _VARY,
    }
    if not any_origin:
        headers["Access-Control-Allow-Credentials"] = "true"
    if rule.exposed:
        headers["Access-Control-Expose-Headers"] = ", ".join(rule.exposed)
    if rule.max_age is not None:
        headers["Access-Control-Max-Age"] = str(rule.max_age)
    return headers


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None
