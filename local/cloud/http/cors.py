"""Requests of pages from other origins to S3: preflights, which carry no signature, and headers of answers."""

from __future__ import annotations

from moto.core.request import Request
from werkzeug.wrappers import Response

from local.cloud.strict.s3 import cors
from local.cloud.strict.s3.corrections import cors_rules


def preflight(request: Request) -> Response:
    """Whether a page may send a request. Raises AwsError. Call under the context's lock."""
    headers = cors.preflight(
        cors_rules(_bucket(request)),
        request.headers.get("Origin", ""),
        request.headers.get("Access-Control-Request-Method", ""),
        request.headers.get("Access-Control-Request-Headers", ""),
    )
    return Response("", 200, headers)


def readable(response: Response, request: Request) -> Response:
    """The answer with the headers for its page's origin. Call under the context's lock."""
    if origin := request.headers.get("Origin"):
        response.headers.update(cors.of_answer(cors_rules(_bucket(request)), origin, request.method))
    return response


def _bucket(request: Request) -> str:
    return request.path.lstrip("/").partition("/")[0]
