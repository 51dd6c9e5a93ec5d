"""Every error of a service as a problem document (RFC 9457): what happened, and what to do next.

A dependency that is away is a 503 with Retry-After, not a 500: the request is right and may be repeated.
"""

from __future__ import annotations

import http
import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit import logs, trace
from services.kit.cursor import InvalidCursor
from services.kit.problem_schema import MEDIA_TYPE, SCHEMA

RETRY_SECONDS = 5
"""Retry-After while a dependency is away: about as long as a failover within a region leaves connections broken."""

log = logs.get(__name__)


class Problem(Exception):
    """An error that is answered with `status` and a sentence for the person that reads it; `more` are extensions."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more


def response(problem: Problem) -> Response:
    """The problem document; `trace_id` finds the request in logs."""
    content = {"title": http.HTTPStatus(problem.status).phrase, "status": problem.status, "detail": problem.detail}
    if trace_id := trace.current():
        content["trace_id"] = trace_id
    body = json.dumps(content | problem.more).encode()
    return Response(body, problem.status, {"Cache-Control": "no-store", **problem.headers}, MEDIA_TYPE)


def unavailable(what: str) -> Problem:
    """503: `what` is away. Whether a change was stored, only a repeat tells: a connection may break at its commit."""
    detail = f"{what}; repeat the request, with the same Idempotency-Key if it had one"
    return Problem(503, detail, headers={"Retry-After": str(RETRY_SECONDS)})


def install(app: FastAPI, away: tuple[type[Exception], ...] = ()) -> None:
    """Answers every error of `app` with a problem document; exceptions of `away` stand for a dependency that is."""

    async def on_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return response(error)

    async def on_http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return response(Problem(error.status_code, str(error.detail), headers=error.headers))

    async def on_invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return response(invalid(error))

    async def on_cursor(_: Request, error: Exception) -> Response:
        return response(Problem(422, str(error)))

    async def on_away(_: Request, error: Exception) -> Response:
        log.warning("dependency_unavailable", error=f"{type(error).__name__}: {error}".strip())
        return response(unavailable("a store of this service is unavailable"))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(InvalidCursor, on_cursor)
    for kind in away:
        app.add_exception_handler(kind, on_away)
    app.add_middleware(UnexpectedErrors)


def invalid(error: RequestValidationError) -> Problem:
    """422 that names every invalid field, by where it is and what is wrong with it; values are not repeated."""
    errors = [
        {"in": str(one["loc"][0]), "name": ".".join(str(part) for part in one["loc"][1:]), "detail": one["msg"]}
        for one in error.errors()
    ]
    sentences = "; ".join(f"{one['in']} {one['name']}: {one['detail']}".replace(" :", ":") for one in errors)
    return Problem(422, sentences, errors=errors)


class UnexpectedErrors:
    """ASGI middleware: an error that nobody foresaw is logged with the request's trace id and answered with 500.

    It is inside of TraceMiddleware, unlike Starlette's own handler, for which the request has no trace id any more.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_response(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_response)
        except Exception as error:
            if started:
                raise
            log.exception("unexpected_error", path=scope["path"], exc_info=error)
            problem = Problem(500, "an error of this service; its trace id finds it in the logs")
            await response(problem)(scope, receive, send)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of routes that answer with these problems, for OpenAPI."""
    return {
        status: {"description": http.HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
        for status in statuses
    }
