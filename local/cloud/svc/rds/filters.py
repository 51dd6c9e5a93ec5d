"""The Filters of Describe operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from local.cloud.service.errors import AwsError

T = TypeVar("T")


def filtered(items: list[T], filters: list[dict[str, Any]], of: Mapping[str, Callable[[T], list[str]]]) -> list[T]:
    """Those whose values meet every filter. `of` gives an item's values by the filter's name.

    Raises AwsError for a filter that the operation does not have, and for one without values.
    """
    for criterion in filters:
        if criterion["Name"] not in of:
            raise AwsError("InvalidParameterValue", f"Unrecognized filter name: {criterion['Name']}")
        if not criterion.get("Values"):
            raise AwsError("InvalidParameterCombination", f"The filter {criterion['Name']} has no values.")
        wanted = {value.lower() for value in criterion["Values"]}
        items = [item for item in items if wanted & {value.lower() for value in of[criterion["Name"]](item)}]
    return items
