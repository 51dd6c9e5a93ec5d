"""Decoders of what others wrote: whatever the bytes are, the error is a msgspec.DecodeError.

msgspec passes on the UnicodeDecodeError of a text that is not UTF-8 and the RecursionError of a value that is nested
too deep: they would end whoever expects a DecodeError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

D = TypeVar("D")
T = TypeVar("T")


def of_others(decode: Callable[[D], T]) -> Callable[[D], T]:
    """`decode`, the method of a msgspec decoder, which then raises msgspec.DecodeError or its ValidationError alone."""

    def checked(data: D) -> T:
        try:
            return decode(data)
        except UnicodeError as error:
            raise msgspec.DecodeError(f"a text is not UTF-8: {error}") from error
        except RecursionError as error:
            raise msgspec.DecodeError("it is nested too deep") from error

    return checked
