"""Which errors of a write are about what is written, and not about the store: such a record can never be written.

Whoever writes a batch takes such a record out and writes the rest: one record must not keep back those of others. All
other errors are of the store or the way to it; they are retried, and nothing is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

K = TypeVar("K")
V = TypeVar("V")

ENCODING = "encoding"
"""The client library cannot encode the value: a NUL in a text, a lone surrogate, a number that the type cannot hold."""
_CLASSES = {"22": "data", "23": "constraint", "54": "limit"}
"""Classes of SQLSTATE (PostgreSQL, appendix A): data exception, integrity constraint violation, program limit exceeded
(a row that no index page holds)."""
_OVERLAP = "42P17"
"""invalid_object_definition: the partition that a row needs would overlap another one."""


def rejection(error: Exception) -> str:
    """The class of the reason when `error` is about what was written, else empty.

    A missing partition is of class 23 too: create it and write again before asking.
    """
    if hasattr(error, "sqlstate"):  # an error of psycopg; those that it raises itself have no SQLSTATE
        state: str | None = getattr(error, "sqlstate", None)
        if state is None:
            return ENCODING if type(error).__name__ == "DataError" else ""
        return "partition" if state == _OVERLAP else _CLASSES.get(state[:2], "")
    own = isinstance(error, (ValueError, OverflowError, msgspec.MsgspecError))
    return ENCODING if own else ""


def split(batch: Mapping[K, V]) -> tuple[dict[K, V], dict[K, V]]:
    """The two halves of a batch of at least two."""
    items = list(batch.items())
    middle = len(items) // 2
    return dict(items[:middle]), dict(items[middle:])


def write_all(batch: Mapping[K, V], write: Callable[[Mapping[K, V]], object]) -> dict[K, Exception]:
    """Write the batch, in parts where it has to be; returns what cannot be written, with the errors.

    `write` takes all of what it is given or nothing, and may be given the same again. Raises its errors that are not
    about what is written.
    """
    try:
        write(batch)
        return {}
    except Exception as error:
        if not rejection(error):
            raise
        if len(batch) == 1:
            return dict.fromkeys(batch, error)
    first, second = split(batch)
    return write_all(first, write) | write_all(second, write)
