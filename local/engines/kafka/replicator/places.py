"""Which offset of a partition at the source is which at the target. Pure."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, field

MOST_RUNS = 200


@dataclass
class Places:
    """Of one partition. A run is a series of records without a gap, at both sides: its first offsets.

    Offsets of before the first run that is kept count as its begin: a group that stands there reads some records again,
    and misses none.
    """

    runs: list[tuple[int, int]] = field(default_factory=list)
    position: int = 0
    """The offset at the source that is copied next; all before it are at the target, or are not to be copied."""
    end: int = 0
    """The offset at the target after the last record that was copied."""

    def copied(self, source: int, target: int) -> None:
        """The record at `source` is at `target` now."""
        if not self.runs or (source - self.runs[-1][0]) != (target - self.runs[-1][1]):
            self.runs = [*self.runs[-MOST_RUNS + 1 :], (source, target)]
        self.position, self.end = max(self.position, source + 1), target + 1

    def passed(self, source: int) -> None:
        """The record at `source` is not to be copied; all before it are at the target."""
        self.position = max(self.position, source + 1)

    def translated(self, committed: int) -> int | None:
        """Where a group at the target goes on that has read all before `committed`; None while nothing is there."""
        if not self.runs:
            return None
        index = max(0, bisect_right(self.runs, committed, key=lambda run: run[0]) - 1)
        source, target = self.runs[index]
        after = self.runs[index + 1][1] if index + 1 < len(self.runs) else self.end
        return min(max(target, target + committed - source), after)

    def dump(self) -> bytes:
        return json.dumps({"runs": self.runs, "position": self.position, "end": self.end}).encode()

    @classmethod
    def load(cls, text: bytes) -> Places:
        read = json.loads(text)
        return cls([(source, target) for source, target in read["runs"]], read["position"], read["end"])


def origin(alias: str, topic: str, partition: int, offset: int) -> bytes:
    """The header's value."""
    return json.dumps([alias, topic, partition, offset]).encode()


def offset_of(header: bytes | None, alias: str, topic: str, partition: int) -> int | None:
    """The offset at the source of a record at the target; None of one that came from elsewhere."""
    try:
        read = json.loads(header or b"null")
    except ValueError:
        return None
    if not isinstance(read, list) or read[:3] != [alias, topic, partition] or len(read) != 4:
        return None
    return read[3]
