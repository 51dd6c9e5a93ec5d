"""Compares while the candidate computes: a thread that reads what the running image has stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Queue
from threading import Thread
from typing import Any

import msgspec
import psycopg
import structlog

from contracts.comparison import Comparison
from dataflows.biosync.compare.judge import Judge, Lookup, Progress
from dataflows.biosync.compare.running import connect, progress, stored
from dataflows.biosync.compare.shards import Computed
from dataflows.biosync.state.bucket import PartitionBucket

_MOST_PENDING = 100_000
"""Rows and events that wait to be judged; with more the candidate waits."""
_BATCH_SIZE = 2_000
_PROGRESS_SECONDS = 10.0
_PAUSE_SECONDS = 1.0
_MOST_LOGGED = 100
_log = structlog.get_logger(__name__)


class Comparing:
    """Judges `results`; `url` is the stream's database, `bucket` gives the place of a partition's snapshots, and
    `unavailable` says why nothing is computed at the moment."""

    def __init__(
        self,
        url: str,
        partitions: int,
        bucket: Callable[[int], PartitionBucket],
        tolerance: float,
        results: Queue[Computed],
        unavailable: Callable[[], str],
    ) -> None:
        self._url = url
        self._buckets = [bucket(partition) for partition in range(partitions)]
        self._results = results
        self._unavailable = unavailable
        self._judge = Judge(tolerance)
        self._due: Lookup | None = None
        self._progress: dict[int, Progress] = {}
        self._asked = 0.0
        self._logged = 0
        self._error = ""
        self._comparison = Comparison()

    @property
    def comparison(self) -> Comparison:
        """What it has come to."""
        return msgspec.structs.replace(self._comparison, waiting=self._error or self._unavailable())

    def start(self) -> None:
        Thread(target=self._run, name="comparing", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                with connect(self._url) as connection:
                    while True:
                        self._take()
                        self._compare(connection)
                        self._comparison, self._error = self._judge.comparison(), ""
            except Exception as error:  # a thread that ends would compare nothing for good
                self._error = f"what is stored cannot be read: {error}"
                _log.warning("not_compared", error=str(error), action="it is tried again")
                time.sleep(_PAUSE_SECONDS)

    def _take(self) -> None:
        """What was computed since, for a second at most."""
        until = time.monotonic() + _PAUSE_SECONDS
        while (seconds := until - time.monotonic()) > 0:
            if self._judge.pending >= _MOST_PENDING:
                time.sleep(seconds)
                return
            with suppress(Empty):
                self._judge.add(*self._results.get(timeout=seconds), _now())

    def _compare(self, connection: psycopg.Connection[Any]) -> None:
        """What is due by now: what becomes due meanwhile comes after the next look at the progress."""
        now = _now()
        if self._judge.overdue(now) and time.monotonic() - self._asked > _PROGRESS_SECONDS:
            found = {number: progress(bucket) for number, bucket in enumerate(self._buckets)}
            self._progress = {number: one for number, one in found.items() if one is not None}
            self._asked = time.monotonic()
        while due := self._due or self._judge.lookup(now, _BATCH_SIZE):
            self._due = due
            for found in self._judge.judge(due, stored(connection, due), self._progress, _now()):
                if self._logged < _MOST_LOGGED:
                    _log.error("different", user=found.user, what=found.what, action="the running image goes on")
                self._logged += 1
            self._due = None


def _now() -> int:
    return int(time.time() * 1000)
