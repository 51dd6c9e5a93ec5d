"""What the gateway adds to an operation: its token, its answers and its headers. Pure.

docs/gateway.md has its settings. Behind Kong the body of an answer has `message` alone; whether its X-Trace-Id has this
form was not tried.
"""

from __future__ import annotations

from typing import Any

from contracts.auraservice import Auth, LimitBy, RateLimit, Route
from services.kit.problem_schema import MEDIA_TYPE, SCHEMA
from services.openapi.components import PREFIX

JSON = "application/json"
BEARER = "bearer"
PROBLEM, REFUSAL = "Problem", "GatewayRefusal"
_LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

SCHEMAS: dict[str, Any] = {
    PROBLEM: SCHEMA | {"title": PROBLEM, "description": "An error of a service (RFC 9457)."},
    REFUSAL: {
        "title": REFUSAL,
        "description": "An error of the gateway; `error` is a word for programs, `message` a sentence for people.",
        "type": "object",
        "required": ["message"],
        "properties": {name: {"type": "string"} for name in ("error", "message", "trace_id")},
    },
}
_SECONDS = {"type": "integer", "minimum": 0}
HEADERS: dict[str, Any] = {
    "X-Trace-Id": {
        "description": "Finds the request in logs: the one that was sent, or a new one.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "RateLimit-Limit": {"description": "Requests in a minute.", "schema": {"type": "integer", "minimum": 1}},
    "RateLimit-Remaining": {"description": "Requests left of them.", "schema": _SECONDS},
    "RateLimit-Reset": {"description": "Seconds until the minute ends.", "schema": _SECONDS},
    "Retry-After": {"description": "Seconds after which to repeat the request.", "schema": _SECONDS},
    "WWW-Authenticate": {"description": "Bearer (RFC 6750).", "schema": {"type": "string"}},
}
SECURITY: dict[str, Any] = {
    BEARER: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of `POST /v1/auth/token`, which lasts for 15 minutes.",
    }
}


def published(method: str, operation: dict[str, Any], route: Route) -> dict[str, Any]:
    """The operation as it is seen through `route`, which says whether a token is needed and how large a body may be."""
    by_gateway = route.auth is Auth.JWT
    responses = {status: _shared(answer) for status, answer in operation["responses"].items()}
    if by_gateway:
        _add(responses, "401", "no valid access token", JSON, MEDIA_TYPE)
    if method in _WITH_BODY:
        _add(responses, "408", "the body did not arrive in time: nothing was done, send it again", JSON, MEDIA_TYPE)
        _add(responses, "413", f"a body of more than {route.max_body}", JSON, MEDIA_TYPE)
    if route.rate_limit:
        _add(responses, "429", _limited(route.rate_limit), JSON)
    _add(responses, "503", "nothing here can answer at the moment: repeat the request", JSON, MEDIA_TYPE)
    _add(responses, "default", "any other error, such as 404 of the gateway or 500", JSON, MEDIA_TYPE)
    for status, answer in responses.items():
        names = ["X-Trace-Id", *(_LIMITS if route.rate_limit else ()), *_OF_STATUS.get(status, ())]
        answer["headers"] = answer.get("headers", {}) | {
            name: {"$ref": f"#/components/headers/{name}"} for name in names
        }
    return operation | {"security": [{BEARER: []}] if by_gateway else [], "responses": dict(sorted(responses.items()))}


_WITH_BODY = ("post", "put", "patch")
"""Methods by which a body may come, also where the document of the service declares none."""
_OF_STATUS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
_SCHEMA_OF = {JSON: REFUSAL, MEDIA_TYPE: PROBLEM}


def _shared(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with problem documents by reference, and without titles that FastAPI makes of a function's name."""
    content = {
        media_type: {"schema": _untitled(one["schema"])} for media_type, one in answer.get("content", {}).items()
    }
    if MEDIA_TYPE in content:
        content[MEDIA_TYPE] = _content(PROBLEM)
    return answer | ({"content": content} if content else {})


def _untitled(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "title"}


def _add(responses: dict[str, Any], status: str, description: str, *media_types: str) -> None:
    """Adds these contents to an answer. What the service itself answers in JSON remains possible."""
    answer = responses.setdefault(status, {"description": description})
    content = dict(answer.get("content", {}))
    for media_type in media_types:
        if media_type == JSON and JSON in content:
            either = [content[JSON]["schema"], _content(REFUSAL)["schema"]]
            content[JSON] = {"schema": {"anyOf": either}}
        else:
            content[media_type] = _content(_SCHEMA_OF[media_type])
    answer["content"] = content


def _content(schema: str) -> dict[str, Any]:
    return {"schema": {"$ref": f"{PREFIX}{schema}"}}


def _limited(limit: RateLimit) -> str:
    counted = "a person" if limit.by is LimitBy.USER else "an address"
    return f"more than {limit.per_minute} requests a minute of {counted}"
