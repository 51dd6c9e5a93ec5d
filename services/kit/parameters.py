"""Parameters in the path and the query of any route: one rule for what no store takes, before a route sees them.

PostgreSQL has no NUL in a text, and refuses a statement with one: it would be an error of the service, and is one of
the caller. Nothing else is in an address that a store cannot have: what is not UTF-8 arrives as U+FFFD.
"""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from starlette.requests import HTTPConnection

MESSAGE = "has the character NUL (U+0000), which no text has"


async def check(connection: HTTPConnection) -> None:
    """A dependency of every route: 422 that names the parameters with a NUL."""
    given = [
        *(("path", name, str(value)) for name, value in connection.path_params.items()),
        *(("query", name, value) for name, value in connection.query_params.multi_items()),
    ]
    if wrong := [{"loc": (where, name), "msg": MESSAGE, "type": "nul"} for where, name, text in given if "\0" in text]:
        raise RequestValidationError(wrong)
