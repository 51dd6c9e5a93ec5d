"""Bodies of application/x-www-form-urlencoded, as OAuth and Apple's form_post have them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel

MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 16 * 1024
MAX_MEMBERS = 20


class BadForm(Exception):
    """The text is safe to return."""


async def form(request: Request) -> dict[str, str]:
    """The members, each of which comes once (RFC 6749, section 3.2); raises BadForm."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise BadForm(f"the body must be {MEDIA_TYPE}")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            raise BadForm(f"the body has more than {MAX_FORM_BYTES} bytes")
    try:
        members = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_MEMBERS)
    except ValueError as error:
        raise BadForm("the body is not a form") from error
    found = dict(members)
    if len(found) != len(members):
        raise BadForm("a member comes twice")
    if any("\0" in value for value in found.values()):
        raise BadForm("a member has a NUL character")
    return found


def documented_form(members: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` of a route that reads a form with these members by itself: FastAPI knows nothing of them."""
    content = {MEDIA_TYPE: {"schema": members.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}
