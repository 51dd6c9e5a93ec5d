"""Errors as AWS gives them."""

from __future__ import annotations


class AwsError(Exception):
    """An answer that refuses: `code` as in the service's API reference, whose HTTP status it has unless given."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def unsupported(what: str) -> AwsError:
    """AWS could do it, this cloud cannot: said loudly instead of pretending. Status 501 is not retried by clients."""
    return AwsError("NotImplemented", f"The local cloud does not do this: {what}. Nothing was changed.", 501)
