"""A partition in a worker: the states of its persons, where they are kept, and up to where the topic is in them."""

from __future__ import annotations

import time
from concurrent.futures import Future

import structlog

from dataflows.biosync import metrics
from dataflows.biosync.place import Place
from dataflows.biosync.signal.partition import PartitionState, Record
from dataflows.biosync.sink.results import ResultBuffers
from dataflows.biosync.state.log import StateLog
from dataflows.biosync.state.snapshots import Snapshots

_log = structlog.get_logger(__name__)


class Shard:
    """The worker calls `step` with records, and `tick` whenever it has none or after them."""

    def __init__(
        self,
        partition: int,
        state: PartitionState,
        place: Place,
        epoch: int,
        log: StateLog,
        snapshots: Snapshots | None,
        results: ResultBuffers,
        commit_seconds: float,
    ) -> None:
        self._partition = partition
        self._state = state
        self.place = place
        """Up to where everything is part of the state, and its results are written or in the buffers."""
        self._epoch = epoch
        self._log = log
        self._snapshots = snapshots
        self._results = results
        self._commit_seconds = commit_seconds
        self._next_commit = time.monotonic() + commit_seconds
        self._committed = place
        self.open = True
        """Whether it is this worker's: what was read of it before it was given up is not computed any more."""
        self._ahead = False
        """Whether the state is ahead of the results: a stop ended the wait for a full buffer."""

    def step(self, place: Place, records: list[Record]) -> None:
        """Process records, after which the place is this."""
        self._ahead = True
        self._results.write(self._partition, self._state.step(records))
        self._ahead = False
        self.place = place

    def tick(self) -> None:
        """Keep what changed, once in `commit_seconds`. Raises Superseded when another process has gone on."""
        now = time.monotonic()
        if now >= self._next_commit:
            self._next_commit = now + self._commit_seconds
            with metrics.SNAPSHOT.time():
                changes, unwritten = self._commit()
                if self._snapshots:
                    self._snapshots.tick(self.place, changes, unwritten, self._state.state)

    def finish(self, deadline: float) -> Future[None] | None:
        """Keep everything, after the last record; returns the upload of the last snapshot, which is begun until
        `deadline` (monotonic seconds)."""
        self.open = False
        if self._ahead:
            return None
        changes, unwritten = self._commit()
        self._log.close()
        if self._snapshots is None:
            return None
        return self._snapshots.finish(deadline, self.place, changes, unwritten, self._state.state)

    def abandon(self) -> Future[None] | None:
        """It was lost, and others may have gone on: the local log alone gets what is new, for the case that nobody
        has. After another epoch it is not used (state/choice.py). Returns the upload that is under way."""
        self.open = False
        if not self._ahead:
            self._commit()
        self._log.close()
        self._results.forget(self._partition)
        return self._snapshots.running if self._snapshots else None

    def _commit(self) -> tuple[dict[str, bytes | None], bytes]:
        if self.place == self._committed:
            return {}, self._results.snapshot(self._partition)
        changes, unwritten = self._state.changes(), self._results.snapshot(self._partition)
        self._log.append(self._epoch, self.place, changes, unwritten, self._state.state)
        self._committed = self.place
        report_discarded(self._partition, self._state)
        return changes, unwritten


def report_discarded(partition: int, state: PartitionState) -> None:
    """Counts and logs the persons whose states were discarded."""
    if state.discarded:
        metrics.DISCARDED.inc(len(state.discarded))
        _log.error("states_discarded", partition=partition, persons=len(state.discarded), action="they start anew")
        state.discarded.clear()
