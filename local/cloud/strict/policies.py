"""The form of policy documents. Pure. Source: IAM User Guide, "IAM JSON policy elements reference"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def listed(value: Any) -> list[Any]:
    """An element that may be given alone or in a list."""
    return value if isinstance(value, list) else [value]


def is_condition(value: Any) -> bool:
    """Whether it has what a Condition has: keys and their values by operator."""
    return isinstance(value, Mapping) and all(isinstance(compared, Mapping) for compared in value.values())
