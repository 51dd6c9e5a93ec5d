"""How far a dataflow is behind, from the metrics of its workers. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.parser import text_string_to_metric_families

RECORDS = "biosync_consumer_lag_records"
SECONDS = "biosync_consumer_lag_seconds"
CPU = "biosync_cpu_seconds_total"


@dataclass(frozen=True)
class Reading:
    """What all workers told at a moment: records not read, age in seconds of the oldest of them, and the processor
    seconds that they have taken since they started."""

    at: datetime
    records: int
    seconds: float
    cpu: float


def read(text: str, partitions: int, now: datetime) -> Reading | None:
    """The reading in what /metrics gave; None while one of so many partitions is without a position."""
    found: dict[str, list[float]] = defaultdict(list)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name].append(sample.value)
    if len(found[RECORDS]) < partitions or len(found[SECONDS]) < partitions or not found[CPU]:
        return None
    return Reading(now, int(sum(found[RECORDS])), max(found[SECONDS]), sum(found[CPU]))
