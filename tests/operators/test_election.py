from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from operators.controller.election import GIVE_UP_SECONDS, LEASE_SECONDS, Seen, may_take, taken

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_free_lease_and_our_own_may_be_taken() -> None:
    assert may_take({}, "me", Seen("1", 0), 0)
    mine = taken({}, "me", NOW)
    assert may_take(mine, "me", Seen("1", 0), 0)
    assert may_take(taken(mine, "", NOW), "other", Seen("1", 0), 0)


@given(st.floats(0, 100))
def test_nobody_takes_over_before_the_holder_has_given_up(silence: float) -> None:
    held = taken({}, "holder", NOW)
    if may_take(held, "other", Seen("1", 0), silence):
        assert silence > LEASE_SECONDS > GIVE_UP_SECONDS


def test_transitions_are_counted() -> None:
    first = taken({}, "a", NOW)
    assert taken(first, "a", NOW)["spec"]["leaseTransitions"] == 1
    assert taken(first, "b", NOW)["spec"]["leaseTransitions"] == 2
    assert taken(first, "", NOW)["spec"]["leaseTransitions"] == 1
