"""What a stream says in a region whose store is a replica. Pure."""

from __future__ import annotations

from datetime import datetime

from operators.adapters.timeseries import Copy
from operators.biostream.locations import Locations
from operators.kubernetes.conditions import Finding, good, rfc3339, waiting
from operators.timeseries.topology import awaited, other_member


def copied(condition: str, found: Locations, copy: Copy, newest: datetime | None, now: datetime) -> Finding:
    """`newest` is the time of the newest record of its topic here.

    Ages grow while nothing is sent: what would be lost is what the other region has beyond these moments.
    """
    spec = found.streams.mine.spec
    other = other_member(found.cluster, found.region) if found.cluster else None
    store = f"store {spec.sink.database} is a replica{f' of {other}' if other else ''}"
    has = (
        f"its newest transaction is {_age(copy.newest, now)}, and the newest record of {spec.source.topic} here is"
        f" {_age(newest, now)}"
    )
    if found.passive:
        return good(condition, "Replica", f"{store}, which makes its tables and fills them; {has}")
    why = awaited(found.cluster, found.region)
    return waiting(condition, "Replica", f"this region is active and {store}; {has}; {why}")


def _age(moment: datetime | None, now: datetime) -> str:
    return f"{(now - moment).total_seconds():.0f} s old ({rfc3339(moment)})" if moment else "not known yet"
