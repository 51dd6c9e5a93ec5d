"""Boxes between the worker and the threads that write."""

from __future__ import annotations

import threading

import pytest

from dataflows.biosync.shutdown import Shutdown, ShutdownRequested
from dataflows.biosync.sink.buffer import Buffer


def box(limit: int = 3) -> tuple[Buffer[str, int], Shutdown]:
    stopping = Shutdown()
    return Buffer(limit, stopping), stopping


def test_things_stay_until_they_are_settled() -> None:
    things, _ = box()
    things.put(0, {"a": 1, "b": 2})
    taken = things.peek(1)
    assert taken == {(0, "a"): 1}
    assert things.contents(0) == {"a": 1, "b": 2}
    things.acknowledge(taken)
    assert things.contents(0) == {"b": 2}


def test_what_was_replaced_while_it_was_written_stays() -> None:
    things, _ = box()
    first, second = 1001, 1002
    things.put(0, {"a": first})
    taken = things.peek(1)
    things.put(0, {"a": second})
    things.acknowledge(taken)
    assert things.contents(0) == {"a": second}


def test_each_partition_has_contents_of_its_own() -> None:
    things, _ = box(10)
    things.put(0, {"a": 1})
    things.put(1, {"a": 2, "b": 3})
    assert (things.contents(0), things.contents(1), things.contents(2)) == ({"a": 1}, {"a": 2, "b": 3}, {})
    things.acknowledge({(1, "a"): 2})
    assert (things.contents(0), things.contents(1)) == ({"a": 1}, {"b": 3})


def test_partitions_take_turns() -> None:
    things, _ = box(100)
    for partition in range(3):
        things.put(partition, dict.fromkeys("abcd", 1))
    served = [{partition for partition, _ in things.peek(2)} for _ in range(3)]
    assert served == [{0}, {1}, {2}]


def test_a_full_box_makes_the_worker_wait_until_something_is_written() -> None:
    things, _ = box(2)
    things.put(0, {"a": 1})
    things.put(1, {"b": 2})
    waited = threading.Thread(target=things.put, args=(0, {"c": 3}))
    waited.start()
    waited.join(0.05)
    assert waited.is_alive()
    things.acknowledge({(0, "a"): 1})
    waited.join(5)
    assert not waited.is_alive()
    assert things.contents(0) == {"c": 3}


def test_what_lay_in_a_box_before_is_taken_without_waiting() -> None:
    things, _ = box(1)
    things.put(0, {"a": 1})
    things.restore(1, {"b": 2})
    assert things.contents(1) == {"b": 2}
    things.acknowledge(things.peek(2))
    assert things.wait_empty(0)


def test_who_waits_at_a_full_box_is_released_when_the_process_is_to_end() -> None:
    things, stopping = box(1)
    things.put(0, {"a": 1})
    stopping.request()
    with pytest.raises(ShutdownRequested):
        things.put(0, {"b": 2})
