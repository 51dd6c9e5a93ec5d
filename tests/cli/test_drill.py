"""What a drill measures: who served, for how long nobody did, and when its result is good."""

from __future__ import annotations

import msgspec
import pytest

from cli.drill.activity import Activity
from cli.drill.figures import Drill, table

DRILL = Drill("switchover", 20, 9.0, 4.0, 40.0, 1000, 0, 0, 0, 90.0, 1, "", "")


def seen(*looks: tuple[str, bool, float]) -> Activity:
    activity = Activity({})
    for region, serves, now in looks:
        activity.seen(region, serves, now)
    return activity


def test_the_longest_time_without_a_region_that_serves_is_kept() -> None:
    activity = seen(("west", True, 0.0), ("west", False, 10.0), ("east", False, 11.0), ("east", True, 17.0))
    activity.seen("east", False, 20.0)
    activity.seen("east", True, 21.0)
    assert activity.longest_s(30.0) == 7.0
    assert activity.serving() == "east"
    assert activity.at_once == 1


def test_a_time_that_has_not_ended_counts() -> None:
    assert seen(("west", True, 0.0), ("west", False, 10.0)).longest_s(25.0) == 15.0


def test_two_regions_that_serve_at_once_are_counted() -> None:
    assert seen(("west", True, 0.0), ("east", True, 1.0), ("west", False, 2.0)).at_once == 2


@pytest.mark.parametrize(
    ("changed", "good"),
    [
        ({}, True),
        ({"writers_max": 2}, False),
        ({"unacknowledged": 1}, False),
        ({"lost": 3}, False),
        ({"lost": 3, "accepted": "lose 3 rows of users"}, True),
    ],
)
def test_a_loss_that_nobody_accepted_is_not_good(changed: dict[str, object], good: bool) -> None:
    assert msgspec.structs.replace(DRILL, **changed).good is good


def test_the_table_has_a_row_a_drill() -> None:
    assert table([DRILL, DRILL]).row_count == 2
