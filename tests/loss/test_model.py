"""Who reaches whom while regions are lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.loss import model
from local.loss.model import OUTSIDE, Loss, passes, reaches

WEST, EAST, WITNESS = "us-west-2", "us-east-1", "us-east-2"
regions = st.sampled_from([WEST, EAST, WITNESS])
places = st.sampled_from([WEST, EAST, WITNESS, OUTSIDE])
some = st.sets(regions).map(lambda found: tuple(sorted(found)))
losses = st.builds(Loss, killed=some, cut=some, latency_ms=st.floats(0, model.MOST_MS), refusing=st.booleans())


@given(losses, places, places)
def test_reaching_is_mutual(loss: Loss, one: str, other: str) -> None:
    assert reaches(loss, one, other) == reaches(loss, other, one)


@given(losses, regions, places)
def test_nobody_reaches_a_killed_region_not_even_itself(loss: Loss, region: str, place: str) -> None:
    assert not reaches(model.kill(loss, region), place, region)


@given(losses, regions, places)
def test_a_region_that_is_cut_off_reaches_itself_alone(loss: Loss, region: str, place: str) -> None:
    cut = model.partition(model.restore(loss, region), region)
    assert reaches(cut, region, region)
    assert place == region or not reaches(cut, region, place)


@given(losses, regions, places, places)
def test_the_loss_of_a_region_is_no_news_between_others(loss: Loss, lost: str, one: str, other: str) -> None:
    if lost not in (one, other):
        for after in (model.kill(loss, lost), model.partition(loss, lost), model.restore(loss, lost)):
            assert reaches(after, one, other) == reaches(loss, one, other)


@given(st.lists(st.tuples(st.sampled_from([model.kill, model.partition]), regions)))
def test_restoring_every_region_leaves_nothing_lost(steps: list[tuple[object, str]]) -> None:
    loss = Loss()
    for step, region in steps:
        loss = step(loss, region)  # type: ignore[operator]
        assert loss.lost(region) and not loss.nothing
    for region in (WEST, EAST, WITNESS):
        loss = model.restore(loss, region)
    assert loss == Loss()


@given(losses, regions)
def test_each_change_made_twice_is_made_once(loss: Loss, region: str) -> None:
    for change in (model.kill, model.partition, model.restore):
        assert change(change(loss, region), region) == change(loss, region)


@given(losses, regions, regions)
def test_what_comes_over_a_link_is_let_through_only_if_its_region_reaches_this_one(
    loss: Loss, region: str, origin: str
) -> None:
    assert passes(loss, region, origin) == reaches(loss, region, origin)
    if passes(loss, region, None):  # whatever region it comes from
        assert reaches(loss, region, origin)


@pytest.mark.parametrize("latency", [-1.0, 10_001.0, float("nan"), float("inf")])
def test_a_latency_that_cannot_be_is_refused(latency: float) -> None:
    with pytest.raises(model.Invalid, match="round trip"):
        model.delayed(Loss(), latency)


def test_the_latency_of_one_way_is_half_of_the_round_trip() -> None:
    assert Loss().one_way == 0.03
    assert model.delayed(Loss(), 200).one_way == 0.1
