"""Tags in the form of the query protocol, and as a dictionary."""

from __future__ import annotations

Tags = dict[str, str]


def from_list(tags: list[dict[str, str]]) -> Tags:
    """From [{"Key": ..., "Value": ...}]."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def as_list(tags: Tags) -> list[dict[str, str]]:
    """To [{"Key": ..., "Value": ...}]."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
