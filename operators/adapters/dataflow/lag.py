"""How far a dataflow is behind, from the metrics of its workers. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
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


def parse(texts: Iterable[str], partitions: int, now: datetime) -> LagSample | None:
    """The sample in what each worker answers to /metrics; None while one of the partitions has no position, as between
    two workers."""
    lags: dict[str, dict[str, float]] = {RECORDS: {}, SECONDS: {}}
    sums: dict[str, float] = defaultdict(float)
    for family in (family for text in texts for family in text_string_to_metric_families(text)):
        for sample in family.samples:
            if (known := lags.get(sample.name)) is not None:
                partition = sample.labels["partition"]
                known[partition] = max(known.get(partition, 0.0), sample.value)
            else:
                sums[sample.name] += sample.value
    records, seconds = lags[RECORDS], lags[SECONDS]
    if len(records) < partitions or len(seconds) < partitions or CPU not in sums:
        return None
    return LagSample(now, int(sum(records.values())), max(seconds.values()), sums[CPU], int(sums[REJECTED]))
