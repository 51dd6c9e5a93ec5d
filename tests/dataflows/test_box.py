"""Boxes between the worker and the threads that write."""

from __future__ import annotations

import threading

import pytest

from dataflows.biosync.box import Box
from dataflows.biosync.stopping import Stopped, Stopping


def box(limit: int = 3) -> tuple[Box[str, int], Stopping]:
    stopping = Stopping()
    return Box(limit, stopping), stopping


def test_things_stay_until_they_are_settled() -> None:
    things, _ = box()
    things.put({"a": 1, "b": 2})
    taken = things.some(1)
    assert taken == {"a": 1}
    assert things.contents() == {"a": 1, "b": 2}
    things.settle(taken)
    assert things.contents() == {"b": 2}


def test_what_was_replaced_while_it_was_written_stays() -> None:
    things, _ = box()
    first, second = 1001, 1002
    things.put({"a": first})
    taken = things.some(1)
    things.put({"a": second})
    things.settle(taken)
    assert things.contents() == {"a": second}


def test_a_full_box_makes_the_worker_wait_until_something_is_written() -> None:
    things, _ = box(2)
    things.put({"a": 1, "b": 2})
    waited = threading.Thread(target=things.put, args=({"c": 3},))
    waited.start()
    waited.join(0.05)
    assert waited.is_alive()
    things.settle({"a": 1})
    waited.join(5)
    assert not waited.is_alive()
    assert things.contents() == {"b": 2, "c": 3}


def test_who_waits_at_a_full_box_is_released_when_the_process_is_to_end() -> None:
    things, stopping = box(1)
    things.put({"a": 1})
    stopping.request()
    with pytest.raises(Stopped):
        things.put({"b": 2})
