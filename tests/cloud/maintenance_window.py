"""Maintenance windows as AWS writes them."""

from __future__ import annotations

from datetime import datetime, timedelta


def around(moment: datetime) -> str:
    """One of two hours that has the moment in its middle, such as sun:23:10-mon:01:10."""
    ends = (moment + timedelta(hours=hours) for hours in (-1, 1))
    return "-".join(f"{end:%a:%H:%M}".lower() for end in ends)
