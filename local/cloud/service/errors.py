"""Errors in the form of AWS."""

from __future__ import annotations


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
