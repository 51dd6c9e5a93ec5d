"""Permissions: their form, and what a grant covers. Pure.

A permission is words joined by dots, from the general to the special: `content.items.write`. A grant is a permission,
or a prefix with `*` as its last word, which covers everything below it; `*` alone covers everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_WORD = "[a-z][a-z0-9-]{0,39}"
PERMISSION = re.compile(rf"{_WORD}(\.{_WORD}){{0,4}}")
GRANT = re.compile(rf"({_WORD}\.){{0,4}}({_WORD}|\*)")
ROLE = re.compile(_WORD)
"""Names of roles stand in access tokens, whose `roles` are plain ASCII."""

ADMIN = "admin"
"""The role that every database has from its beginning, with `*`; it can be neither changed nor deleted."""


def covers(grant: str, permission: str) -> bool:
    """Whether `grant` includes `permission`; False for what is none."""
    if not GRANT.fullmatch(grant) or not PERMISSION.fullmatch(permission):
        return False
    prefix, star, _ = grant.partition("*")
    return permission.startswith(prefix) if star else grant == permission


def allowed(roles: Iterable[str], grants: Mapping[str, Iterable[str]], permission: str) -> bool:
    """Whether somebody with `roles` has `permission`; `grants` are those of each role. Unknown roles grant nothing."""
    return any(covers(grant, permission) for role in roles for grant in grants.get(role, ()))
