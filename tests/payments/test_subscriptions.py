"""A subscription is the fold of its events, in any order and however often; time ends what nobody renews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.entitlements import entitlements
from services.payments.plans import PLANS, PREMIUM, plan_of, plan_of_product
from services.payments.subscriptions import (
    GRACE,
    Change,
    Event,
    State,
    Subscription,
    apply,
    fold,
    lasts_until,
    state_at,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
PLAN = PLANS[0].id
MOMENTS = st.integers(0, 20).map(lambda days: START + timedelta(days=days))
"""So few that many events are of one moment, as with Stripe's whole seconds."""
EVENTS = st.builds(
    Event,
    id=st.uuids().map(str),
    at=MOMENTS,
    change=st.sampled_from(Change),
    plan=st.sampled_from([plan.id for plan in PLANS]),
    period_end=MOMENTS,
    trial=st.booleans(),
)


def event(change: Change, at: timedelta = timedelta(), *, trial: bool = False, ends: timedelta = MONTH) -> Event:
    return Event(f"{change} {at}", START + at, change, PLAN, START + ends, trial)


@given(st.lists(EVENTS, max_size=12, unique_by=lambda one: one.id), st.data())
def test_any_order_and_any_repeats_make_the_same_subscription(events: list[Event], data: st.DataObject) -> None:
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=8)) if events else []
    delivered = data.draw(st.permutations([*events, *repeated]))
    assert fold(delivered) == fold(events)


@given(st.lists(EVENTS, min_size=1, max_size=12, unique_by=lambda one: one.id), MOMENTS, MOMENTS)
def test_time_alone_only_brings_a_subscription_nearer_to_its_end(
    events: list[Event], one: datetime, other: datetime
) -> None:
    order = [State.TRIALING, State.ACTIVE, State.CANCELED, State.PAST_DUE, State.EXPIRED]
    found = fold(events)
    assert found is not None
    earlier, later = sorted((one, other))
    states = [state_at(found, earlier), state_at(found, later)]
    assert states == sorted(states, key=order.index)
    assert (lasts_until(found) is None) == (found.state is State.EXPIRED)


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        *((before, Change.STARTED, State.ACTIVE) for before in State),
        *((before, Change.RENEWED, State.ACTIVE) for before in State),
        *((before, Change.ENDED, State.EXPIRED) for before in State),
        *((before, Change.PAYMENT_FAILED, State.PAST_DUE) for before in State if before is not State.EXPIRED),
        *((before, Change.CANCELED, State.CANCELED) for before in State if before is not State.EXPIRED),
        *((before, Change.RESUMED, State.ACTIVE) for before in State if before is not State.EXPIRED),
        *(
            (State.EXPIRED, change, State.EXPIRED)
            for change in (Change.PAYMENT_FAILED, Change.CANCELED, Change.RESUMED, Change.ENDED)
        ),
    ],
)
def test_each_change_of_each_state(before: State, change: Change, after: State) -> None:
    assert apply(Subscription(PLAN, before, START, trial=False), event(change)).state is after


@pytest.mark.parametrize(
    ("events", "state", "until"),
    [
        ([event(Change.STARTED, trial=True)], State.TRIALING, MONTH + GRACE),
        ([event(Change.STARTED)], State.ACTIVE, MONTH + GRACE),
        ([event(Change.CANCELED)], State.CANCELED, MONTH),
        ([event(Change.PAYMENT_FAILED)], State.PAST_DUE, GRACE),
        ([event(Change.STARTED), event(Change.PAYMENT_FAILED, timedelta(days=2))], State.PAST_DUE, timedelta(days=5)),
        (
            [event(Change.PAYMENT_FAILED, timedelta(days=day)) for day in (1, 2, 3)],
            State.PAST_DUE,
            timedelta(days=1) + GRACE,
        ),
        (
            [event(Change.PAYMENT_FAILED), event(Change.RENEWED, timedelta(days=1), ends=2 * MONTH)],
            State.ACTIVE,
            2 * MONTH + GRACE,
        ),
        (
            [event(Change.STARTED, trial=True), event(Change.CANCELED, trial=True), event(Change.RESUMED, trial=True)],
            State.CANCELED,
            MONTH,
        ),
        ([event(Change.CANCELED), event(Change.RESUMED, timedelta(days=1))], State.ACTIVE, MONTH + GRACE),
        ([event(Change.RENEWED), event(Change.ENDED)], State.EXPIRED, None),
    ],
)
def test_how_long_a_subscription_entitles(events: list[Event], state: State, until: timedelta | None) -> None:
    found = fold(events)
    assert found is not None
    assert found.state is state
    assert lasts_until(found) == (None if until is None else START + until)
    assert entitlements([found]) == ({} if until is None else {PREMIUM: START + until})


def test_of_two_subscriptions_the_longer_one_counts() -> None:
    short, long = fold([event(Change.CANCELED)]), fold([event(Change.CANCELED, ends=2 * MONTH)])
    assert short is not None
    assert long is not None
    assert entitlements([long, short]) == entitlements([short, long]) == {PREMIUM: START + 2 * MONTH}
    assert entitlements([Subscription("not sold any more", State.ACTIVE, START, trial=False)]) == {}


def test_plans_are_found_by_their_names() -> None:
    for plan in PLANS:
        assert plan_of(plan.id) is plan_of_product(plan.apple_product) is plan
        assert plan.price.amount > 0
    assert plan_of("free") is plan_of_product("free") is None
