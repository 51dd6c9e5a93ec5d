"""Fencing in the database: results of whoever lost a partition are left out.

The epoch of a partition's claim (state/claim.py) is the fencing token. The table has the latest one that has written,
and each write locks its row for as long as it takes: the first write of a later epoch waits for it, and after that
nothing of an earlier one is written. https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

import psycopg
import structlog

from contracts.platform import TABLE_EPOCHS

UNFENCED = 0
"""The epoch of a stream without a bucket, which has one worker."""
_LATEST = {"connect_timeout": 2, "tcp_user_timeout": 5_000, "options": "-c statement_timeout=2s"}
_CONNECT_SECONDS = 5
_HUNG_SECONDS = 5
"""After which PostgreSQL ends the transaction of a writer that hangs in the middle of it: others wait for its locks."""
_EPOCH = f"select epoch from {TABLE_EPOCHS} where stream = %b and partition = %b"
_LOCK = f"""
select partition, epoch from {TABLE_EPOCHS} where stream = %b and partition = any(%b) order by partition for share"""
_BEGIN = f"""
insert into {TABLE_EPOCHS} as known (stream, partition, epoch)
select %b, p, e from unnest(%b::int[], %b::bigint[]) as given(p, e) order by p
on conflict (stream, partition) do update set epoch = excluded.epoch where known.epoch < excluded.epoch"""
_log = structlog.get_logger(__name__)


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection to write by. Raises psycopg.Error."""
    hung = f"-c idle_in_transaction_session_timeout={_HUNG_SECONDS}s"
    return psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_SECONDS, options=hung)


class Fenced(RuntimeError):
    """Somebody else has gone on with a partition that this worker takes for its own."""


class Fence:
    """Of the partitions of `stream` that this worker holds."""

    def __init__(self, url: str, stream: str) -> None:
        self._url = url
        self._stream = stream
        self._epochs: dict[int, int] = {}
        self._begun: dict[int, int] = {}
        """Of each partition the epoch that the table has, as far as this process knows."""
        self._lock = Lock()
        self.lost = ""
        """Which partition somebody else has gone on with: this worker must end."""

    def latest(self, partition: int) -> int:
        """The latest epoch that has written, for the next one to be later; 0 while the database does not answer: then
        its first write tells."""
        with suppress(psycopg.Error), psycopg.connect(self._url, **_LATEST) as connection:
            found = connection.execute(_EPOCH.encode(), [self._stream, partition]).fetchone()
            return found[0] if found else 0
        return 0

    def hold(self, partition: int, epoch: int) -> None:
        """Its results are written from now on."""
        with self._lock:
            self._epochs[partition] = epoch

    def forget(self, partition: int) -> None:
        """Others have it: what is still on its way is written by them."""
        with self._lock:
            self._epochs.pop(partition, None)

    @contextmanager
    def transaction(self, connection: psycopg.Connection[Any], partitions: Iterable[int]) -> Iterator[set[int]]:
        """A transaction, and those of these partitions whose results may be written in it. Raises Fenced: what was to
        be written stays where it is."""
        with self._lock:
            ours = {partition: self._epochs[partition] for partition in partitions if partition in self._epochs}
            fenced = {partition: epoch for partition, epoch in sorted(ours.items()) if epoch != UNFENCED}
            new = {partition: epoch for partition, epoch in fenced.items() if self._begun.get(partition) != epoch}
        with connection.transaction():
            if new:  # before any lock: two writers that both have one would wait for each other to begin
                connection.execute(_BEGIN.encode(), [self._stream, list(new), list(new.values())])
            known = self._known(connection, fenced) if fenced else {}
            later = {partition for partition, epoch in fenced.items() if known.get(partition, epoch) > epoch}
            for partition in later:
                self._refuse(partition, fenced[partition], known[partition])
            yield ours.keys() - later
        with self._lock:  # now that it is committed; a standby that was promoted may lack it
            self._begun |= {partition: known.get(partition, 0) for partition in fenced}

    def _known(self, connection: psycopg.Connection[Any], fenced: dict[int, int]) -> dict[int, int]:
        return dict(connection.execute(_LOCK.encode(), [self._stream, list(fenced)]).fetchall())

    def _refuse(self, partition: int, epoch: int, later: int) -> None:
        with self._lock:
            held = self._epochs.get(partition) == epoch
        _log.warning("results_refused", partition=partition, epoch=epoch, later=later, action="they are left out")
        if held:
            self.lost = f"epoch {later} of partition {partition} has written to the database, and this one is {epoch}"
            raise Fenced(self.lost)
