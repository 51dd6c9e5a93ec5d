"""Base of what the state holds: objects that were stored before a field existed get its default."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any


class Stored:
    """For dataclasses. A pickle has the values of the fields that the class had when it was written."""

    def __setstate__(self, stored: dict[str, Any]) -> None:
        for field in fields(self):  # pyright: ignore[reportArgumentType]
            if field.default_factory is not MISSING:
                self.__dict__[field.name] = field.default_factory()
        self.__dict__.update(stored)
