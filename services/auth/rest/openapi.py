"""The OpenAPI document of the whole public API: apps read it where they send their requests.

`python -m services.openapi` makes it of all services; this one serves it, because it is there in every stack.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header
from starlette.responses import Response

from services.kit.etag import etag, unchanged
from services.kit.problems import documented

PATH = "/v1/openapi.json"
DOCUMENT = Path(__file__).with_name("openapi.json")
_CACHE = "public, max-age=300"

router = APIRouter()


@router.get(
    PATH,
    response_model=dict[str, Any],
    responses={304: {"description": "unchanged since If-None-Match"}, **documented(422)},
)
def openapi_document(if_none_match: Annotated[str | None, Header(max_length=1000)] = None) -> Response:
    """This document."""
    content, version = _stored()
    headers = {"ETag": etag(version), "Cache-Control": _CACHE}
    if unchanged(if_none_match, version):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


@cache
def _stored() -> tuple[bytes, int]:
    """The document, and a number that is its own: it changes with a release only."""
    content = DOCUMENT.read_bytes()
    return content, int.from_bytes(hashlib.sha256(content).digest()[:8])
