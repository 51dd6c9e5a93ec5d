"""Notices a consumer that no longer gets the records of a partition.

After a restart of a broker, or a change of leaders, librdkafka may give all brokers up (contracts/broker_watch.py), or
keep a partition at a broker that does not lead it (confluentinc/librdkafka, issue 5153, pull request 5593). It then
reads nothing, for good, and reports no error. A new consumer reads on.
"""

from __future__ import annotations

from collections.abc import Mapping

STALL_SECONDS = 15.0
"""A consumer whose broker came back connects, and learns who leads its partitions, within about two."""
LONGEST_SECONDS = 300.0
_GAP_SECONDS = 2.0
"""Between two calls; after a longer pause it is not known what the consumer did meanwhile."""


class StallDetector:
    """Waits for STALL_SECONDS, and twice as long after each stall until all records are read: where Kafka is slow, a
    new consumer is of no help."""

    def __init__(self) -> None:
        self._behind_since: dict[tuple[int, int], float] = {}
        """By partition and offset."""
        self._patience = STALL_SECONDS
        self._asked = 0.0

    def stalled(self, ends: Mapping[int, int], offsets: Mapping[int, int], now: float) -> list[int]:
        """The partitions that have had records behind their offset for so long, and the same offset all the time.

        `ends` has the offset behind the last record, where Kafka answers; `offsets` the one that is fetched next, where
        the consumer is assigned. To be called, with monotonic seconds, when all records that were fetched are taken:
        what waits here is not missing.
        """
        behind = [(partition, at) for partition, at in offsets.items() if at < ends.get(partition, 0)]
        if ends and ends.keys() == offsets.keys() and not behind:
            self._patience = STALL_SECONDS
        if now - self._asked > _GAP_SECONDS:
            self._behind_since.clear()
        self._asked = now
        self._behind_since = {one: self._behind_since.get(one, now) for one in behind}
        stalled = [one[0] for one, since in self._behind_since.items() if now - since >= self._patience]
        if stalled:
            self._patience = min(2 * self._patience, LONGEST_SECONDS)
            self._behind_since.clear()
        return stalled
