"""Results of a worker that lost its partition are refused by a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from itertools import count
from threading import Barrier
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import timeseries
from dataflows.biosync.sink.fence import UNFENCED, Fence, Fenced, connect
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
_streams = (f"aura/stream-{number}" for number in count())


@pytest.fixture(scope="module")
def url(postgres: Database) -> str:
    url = postgres.create("fence")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in timeseries.native():
            connection.execute(statement.encode())
    return url


@pytest.fixture(scope="module")
def connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def fence(url: str, stream: str, **held: int) -> Fence:
    """`held`: p0=7 is partition 0 with epoch 7."""
    found = Fence(url, stream)
    for partition, epoch in held.items():
        found.hold(int(partition[1:]), epoch)
    return found


def passed(connection: psycopg.Connection[Any], fence: Fence, *partitions: int) -> set[int]:
    with fence.transaction(connection, partitions) as found:
        return found


def test_an_earlier_epoch_is_refused_once_a_later_one_has_written(
    url: str, connection: psycopg.Connection[Any]
) -> None:
    stream = next(_streams)
    before, after = fence(url, stream, p0=7, p1=3), fence(url, stream, p0=8)
    assert passed(connection, before, 0, 1) == {0, 1}
    assert passed(connection, after, 0) == {0}
    with pytest.raises(Fenced, match="epoch 8 of partition 0 has written to the database, and this one is 7"):
        passed(connection, before, 0, 1)
    assert passed(connection, before, 1) == {1}
    assert before.lost == "epoch 8 of partition 0 has written to the database, and this one is 7"
    assert not after.lost
    assert (after.latest(0), after.latest(1), after.latest(2)) == (8, 3, 0)
    assert passed(connection, fence(url, next(_streams), p0=1), 0) == {0}  # another stream has epochs of its own


def test_a_partition_that_was_given_up_ends_nobody(url: str, connection: psycopg.Connection[Any]) -> None:
    stream = next(_streams)
    before = fence(url, stream, p0=7)
    assert passed(connection, fence(url, stream, p0=8), 0) == {0}
    before.forget(0)
    assert passed(connection, before, 0) == set()
    assert not before.lost
    before.hold(0, 9)
    assert passed(connection, before, 0) == {0}


def test_without_a_bucket_there_is_one_worker_and_no_fence(url: str, connection: psycopg.Connection[Any]) -> None:
    only = fence(url, next(_streams), p0=UNFENCED)
    assert passed(connection, only, 0) == {0}
    assert only.latest(0) == 0


def test_a_database_that_does_not_answer_delays_no_start() -> None:
    assert fence("postgresql://nobody@127.0.0.1:9/none", "aura/away").latest(0) == 0


def test_a_later_epoch_waits_for_a_write_that_has_begun(url: str, connection: psycopg.Connection[Any]) -> None:
    stream = next(_streams)
    before, after = fence(url, stream, p0=7), fence(url, stream, p0=8)
    assert passed(connection, before, 0) == {0}

    def write() -> set[int]:
        with psycopg.connect(url, autocommit=True) as own:
            return passed(own, after, 0)

    def blocked() -> bool:
        found = connection.execute("select count(*) from pg_locks where not granted").fetchone()
        return found != (0,)

    with ThreadPoolExecutor(1) as thread:
        with before.transaction(connection, [0]) as found:
            assert found == {0}
            later = thread.submit(write)
            until("the later epoch's first write to wait", blocked, 30)
            assert not later.done()
        assert later.result(30) == {0}
    with pytest.raises(Fenced):
        passed(connection, before, 0)


def test_a_hung_transaction_is_terminated_and_its_locks_are_released(
    url: str, connection: psycopg.Connection[Any]
) -> None:
    stream = next(_streams)
    before, after = fence(url, stream, p0=7), fence(url, stream, p0=8)
    assert passed(connection, before, 0) == {0}
    with (
        pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout),
        connect(url) as hung,
        before.transaction(hung, [0]) as found,
    ):
        assert found == {0}
        assert passed(connection, after, 0) == {0}
        hung.execute("select 1")


def test_an_epoch_begins_with_the_next_write_after_a_rollback(url: str, connection: psycopg.Connection[Any]) -> None:
    stream = next(_streams)
    before, after = fence(url, stream, p0=7), fence(url, stream, p0=8)
    assert passed(connection, before, 0) == {0}
    with suppress(LookupError), after.transaction(connection, [0]):
        raise LookupError("as where a partition of the table is missing")
    assert after.latest(0) == 7
    assert passed(connection, after, 0) == {0}
    assert after.latest(0) == 8
    assert passed(connection, after, 0) == {0}


def test_writers_of_one_worker_begin_its_epochs_side_by_side(url: str) -> None:
    """Rows and events of the same partitions are written by connections of their own."""
    stream = next(_streams)
    holders = [fence(url, stream, p0=epoch, p1=epoch, p2=epoch) for epoch in range(1, 101)]
    together = Barrier(4)

    def write(number: int) -> None:
        with psycopg.connect(url, autocommit=True) as own:
            for holder in holders:
                together.wait(30)
                partitions = range(number % 2, 3)
                assert passed(own, holder, *partitions) == set(partitions)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), max_size=20))
def test_nobody_writes_after_a_later_epoch(
    url: str, connection: psycopg.Connection[Any], writes: list[tuple[int, int]]
) -> None:
    """Each write is of a partition by the holder of an epoch."""
    stream = next(_streams)
    latest: dict[int, int] = {}
    for partition, epoch in writes:
        holder = fence(url, stream)
        holder.hold(partition, epoch)
        may = epoch >= latest.get(partition, 0)
        with nullcontext() if may else pytest.raises(Fenced):
            assert passed(connection, holder, partition) == {partition}
        assert bool(holder.lost) is not may
        latest[partition] = max(epoch, latest.get(partition, 0))
