"""Requests of pages from other origins to S3: preflights, which carry no signature, and headers of answers."""

from __future__ import annotations

from collections.abc import Sequence

from moto.core.request import Request
from moto.s3.models import s3_backends
from werkzeug.wrappers import Response

from local.cloud.context import ACCOUNT
from local.cloud.strict.s3 import cors
from local.cloud.strict.s3.cors import CorsRule


def preflight(request: Request) -> Response:
    """Whether a page may send a request. Raises AwsError. Call under the context's lock."""
    headers = cors.preflight(
        _rules(request),
        request.headers.get("Origin", ""),
        request.headers.get("Access-Control-Request-Method", ""),
        request.headers.get("Access-Control-Request-Headers", ""),
    )
    return Response("", 200, headers)


def readable(response: Response, request: Request) -> Response:
    """The answer with the headers for its page's origin. Call under the context's lock."""
    if origin := request.headers.get("Origin"):
        response.headers.update(cors.of_answer(_rules(request), origin, request.method))
    return response


def _rules(request: Request) -> Sequence[CorsRule]:
    """Rules of the bucket; none for one that does not exist."""
    known = s3_backends[ACCOUNT]["aws"].buckets.get(request.path.lstrip("/").partition("/")[0])
    return [
        CorsRule(
            tuple(rule.allowed_origins or ()),
            tuple(rule.allowed_methods or ()),
            tuple(rule.allowed_headers or ()),
            tuple(rule.exposed_headers or ()),
            int(rule.max_age_seconds) if rule.max_age_seconds else None,
        )
        for rule in (known.cors if known else ())
    ]
