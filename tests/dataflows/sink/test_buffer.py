"""Buffers between the worker and the threads that write."""

from __future__ import annotations

import threading

import pytest

from dataflows.biosync.shutdown import Shutdown, ShutdownRequested
from dataflows.biosync.sink.buffer import Buffer


def create(limit: int = 3) -> tuple[Buffer[str, int], Shutdown]:
    shutdown = Shutdown()
    return Buffer(limit, shutdown), shutdown


def test_items_stay_until_they_are_acknowledged() -> None:
    buffer, _ = create()
    buffer.put(0, {"a": 1, "b": 2})
    batch = buffer.peek(1)
    assert batch == {(0, "a"): 1}
    assert buffer.contents(0) == {"a": 1, "b": 2}
    buffer.acknowledge(batch)
    assert buffer.contents(0) == {"b": 2}


def test_an_item_that_was_replaced_while_it_was_written_stays() -> None:
    buffer, _ = create()
    first, second = 1001, 1002
    buffer.put(0, {"a": first})
    batch = buffer.peek(1)
    buffer.put(0, {"a": second})
    buffer.acknowledge(batch)
    assert buffer.contents(0) == {"a": second}


def test_each_partition_has_contents_of_its_own() -> None:
    buffer, _ = create(10)
    buffer.put(0, {"a": 1})
    buffer.put(1, {"a": 2, "b": 3})
    assert (buffer.contents(0), buffer.contents(1), buffer.contents(2)) == ({"a": 1}, {"a": 2, "b": 3}, {})
    buffer.acknowledge({(1, "a"): 2})
    assert (buffer.contents(0), buffer.contents(1)) == ({"a": 1}, {"b": 3})


def test_partitions_are_served_round_robin() -> None:
    buffer, _ = create(100)
    for partition in range(3):
        buffer.put(partition, dict.fromkeys("abcd", 1))
    served = [{partition for partition, _ in buffer.peek(2)} for _ in range(3)]
    assert served == [{0}, {1}, {2}]


def test_a_full_buffer_blocks_the_worker_until_something_is_written() -> None:
    buffer, _ = create(2)
    buffer.put(0, {"a": 1})
    buffer.put(1, {"b": 2})
    blocked = threading.Thread(target=buffer.put, args=(0, {"c": 3}))
    blocked.start()
    blocked.join(0.05)
    assert blocked.is_alive()
    buffer.acknowledge({(0, "a"): 1})
    blocked.join(5)
    assert not blocked.is_alive()
    assert buffer.contents(0) == {"c": 3}


def test_restoring_does_not_block() -> None:
    buffer, _ = create(1)
    buffer.put(0, {"a": 1})
    buffer.restore(1, {"b": 2})
    assert buffer.contents(1) == {"b": 2}
    buffer.acknowledge(buffer.peek(2))
    assert buffer.wait_empty(0)


def test_a_shutdown_releases_a_blocked_put() -> None:
    buffer, shutdown = create(1)
    buffer.put(0, {"a": 1})
    shutdown.request()
    with pytest.raises(ShutdownRequested):
        buffer.put(0, {"b": 2})


def test_what_is_given_up_is_not_written_and_makes_room() -> None:
    buffer, _ = create(limit=2)
    buffer.put(0, {"a": 1})
    buffer.put(1, {"b": 2})
    batch = buffer.peek(2)
    buffer.forget(0)
    assert buffer.contents(0) == {}
    assert buffer.peek(2) == {(1, "b"): 2}
    buffer.acknowledge(batch)  # of the partition that was given up meanwhile, too
    buffer.put(0, {"c": 3})  # does not block
    assert (buffer.contents(0), buffer.contents(1)) == ({"c": 3}, {})
