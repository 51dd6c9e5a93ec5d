"""Which errors of a write are about what is written, and not about the store: such a record can never be written.

Whoever writes a batch takes such a record out and writes the rest: one record must not keep back those of others. All
other errors are of the store or the way to it; they are retried, and nothing is given up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
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


def write_all(batch: Mapping[K, V], write: Callable[[Mapping[K, V]], object]) -> dict[K, Exception]:
    """Write the batch, in parts where it has to be; returns what cannot be written, with the errors.

    `write` takes all of what it is given or nothing, and may be given the same again. Raises its errors that are not
    about what is written.
    """
    parts = _parts(batch)
    part = next(parts)
    while True:
        error = None
        try:
            write(part)
        except Exception as raised:
            error = raised
        try:
            part = parts.send(error)
        except StopIteration as end:
            return end.value


async def write_all_async(
    batch: Mapping[K, V], write: Callable[[Mapping[K, V]], Awaitable[object]]
) -> dict[K, Exception]:
    """As `write_all`."""
    parts = _parts(batch)
    part = next(parts)
    while True:
        error = None
        try:
            await write(part)
        except Exception as raised:
            error = raised
        try:
            part = parts.send(error)
        except StopIteration as end:
            return end.value


def _parts(batch: Mapping[K, V]) -> Generator[Mapping[K, V], Exception | None, dict[K, Exception]]:
    """What to write next, after the error of writing the part before; returns what cannot be written."""
    error = yield batch
    if error is None:
        return {}
    if not rejection(error):
        raise error
    if len(batch) == 1:
        return dict.fromkeys(batch, error)
    items = list(batch.items())
    middle = len(items) // 2
    first = yield from _parts(dict(items[:middle]))
    return first | (yield from _parts(dict(items[middle:])))
