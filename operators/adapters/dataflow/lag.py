"""How far a dataflow is behind, from the metrics of its workers. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.parser import text_string_to_metric_families

RECORDS = "biosync_consumer_lag_records"
SECONDS = "biosync_consumer_lag_seconds"
CPU = "biosync_cpu_seconds_total"
REJECTED = "biosync_rejected_records_total"


@dataclass(frozen=True)
class LagSample:
    """A sample over all workers: records not read, age in seconds of the oldest of them, and, since the workers
    started, the CPU seconds that they have used and the records that they have rejected."""

    at: datetime
    records: int
    seconds: float
    cpu: float
    rejected: int = 0


def parse(text: str, partitions: int, now: datetime) -> LagSample | None:
    """The sample in a response of /metrics; None while one of the partitions has no position."""
    found: dict[str, list[float]] = defaultdict(list)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name].append(sample.value)
    if len(found[RECORDS]) < partitions or len(found[SECONDS]) < partitions or not found[CPU]:
        return None
    return LagSample(now, int(sum(found[RECORDS])), max(found[SECONDS]), sum(found[CPU]), int(sum(found[REJECTED])))
