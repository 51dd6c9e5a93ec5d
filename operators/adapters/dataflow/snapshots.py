"""How old a dataflow's snapshots are, and where its states came from, from the metrics of its workers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families

TIME = "biosync_state_snapshot_time_seconds"
ORIGIN = "biosync_state_origin"


@dataclass(frozen=True)
class SnapshotSample:
    """When the newest snapshot of each partition was taken, and how many states came from where to their worker."""

    taken: Mapping[str, datetime]
    origins: Mapping[str, int]
    since: datetime
    """When the first Pod started: a snapshot that it found may be as old as the stream's last run in this region."""

    @property
    def oldest(self) -> datetime | None:
        """Of the newest snapshots."""
        return min(self.taken.values(), default=None)


def parse_snapshots(texts: Iterable[str], since: datetime) -> SnapshotSample:
    """The sample in what each worker answers to /metrics, of which the first Pod started at `since`."""
    taken: dict[str, datetime] = {}
    origins = Counter[str]()
    for family in (family for text in texts for family in text_string_to_metric_families(text)):
        for sample in family.samples:
            if sample.name == TIME:
                partition, at = sample.labels["partition"], datetime.fromtimestamp(sample.value, UTC)
                taken[partition] = max(at, taken.get(partition, at))
            elif sample.name == ORIGIN:
                origins[sample.labels["origin"]] += 1
    return SnapshotSample(taken, origins, since)
