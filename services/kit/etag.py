"""Entity tags of versioned documents (RFC 9110, section 8.8.3): a lost update is refused, an unchanged one not sent."""

from __future__ import annotations

import re

from services.kit.problems import Problem

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def require_match(if_match: str | None, version: int) -> None:
    """Raises 428 (RFC 6585) without If-Match, and 412 if the document has another version than the caller saw."""
    if if_match is None:
        raise Problem(428, "send If-Match with the ETag of what you changed, so that no other change is lost")
    if if_match.strip() != "*" and etag(version) not in _TAG.findall(if_match):
        raise Problem(
            412,
            "it was changed since you read it; nothing was stored: read it again and repeat your change",
            headers={"ETag": etag(version)},
        )


def unchanged(if_none_match: str | None, version: int) -> bool:
    """Whether the caller has this version already: 304. The comparison is weak (RFC 9110, section 13.1.2)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag(version) in [
        tag.removeprefix("W/") for tag in _TAG.findall(if_none_match)
    ]
