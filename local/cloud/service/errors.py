"""Errors in the form of AWS."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Operation = TypeVar("Operation", bound=Callable[..., Any])


class AwsError(Exception):
    """An error response: `code` as in the service's API reference, with that code's HTTP status unless given."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def unsupported(what: str) -> AwsError:
    """For what AWS can do and this cloud cannot. Clients do not retry status 501."""
    return AwsError("NotImplemented", f"The local cloud does not do this: {what}. Nothing was changed.", 501)


def always_refused(what: str) -> Callable[[Operation], Operation]:
    """Marks an operation that only checks what it is asked, as AWS would, and is refused then; `what` is what it would
    have to do."""

    def mark(checks: Operation) -> Operation:
        @wraps(checks)
        def refuse(*arguments: Any) -> Any:
            checks(*arguments)
            raise unsupported(what)

        refuse.refused = what  # pyright: ignore[reportAttributeAccessIssue, reportFunctionMemberAccess]
        return refuse  # pyright: ignore[reportReturnType]

    return mark
