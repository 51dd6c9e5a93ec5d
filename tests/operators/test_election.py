from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from operators.controller.election import (
    LEASE_DURATION_SECONDS,
    RENEW_DEADLINE_SECONDS,
    ObservedLease,
    claimed,
    may_acquire,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_free_lease_and_our_own_may_be_acquired() -> None:
    assert may_acquire({}, "me", ObservedLease("1", 0), 0)
    mine = claimed({}, "me", NOW)
    assert may_acquire(mine, "me", ObservedLease("1", 0), 0)
    assert may_acquire(claimed(mine, "", NOW), "other", ObservedLease("1", 0), 0)


@given(st.floats(0, 100))
def test_no_other_operator_acquires_before_the_renew_deadline(silence: float) -> None:
    held = claimed({}, "holder", NOW)
    if may_acquire(held, "other", ObservedLease("1", 0), silence):
        assert silence > LEASE_DURATION_SECONDS > RENEW_DEADLINE_SECONDS


def test_transitions_are_counted() -> None:
    first = claimed({}, "a", NOW)
    assert claimed(first, "a", NOW)["spec"]["leaseTransitions"] == 1
    assert claimed(first, "b", NOW)["spec"]["leaseTransitions"] == 2
    assert claimed(first, "", NOW)["spec"]["leaseTransitions"] == 1
