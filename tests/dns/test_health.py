"""When a health check changes its status."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.dns.health import Standing, judge
from local.dns.model import HealthCheck

UP, DOWN = Standing(True), Standing(False)


def test_only_probes_in_a_row_change_the_status() -> None:
    standing = Standing()
    for passed in (False, False, True, False, False):
        standing = standing.after(passed, 3)
    assert standing.healthy
    assert not standing.after(False, 3).healthy


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 10))
def test_the_status_is_that_of_the_last_run_that_was_long_enough(probes: list[bool], threshold: int) -> None:
    standing, expected, run = Standing(), True, 0
    for number, passed in enumerate(probes):
        standing = standing.after(passed, threshold)
        run = run + 1 if number and probes[number - 1] == passed else 1
        expected = passed if run >= threshold else expected
    assert standing.healthy is expected


@pytest.mark.parametrize(("healthy_children", "healthy"), [(1, True), (2, False)])
def test_a_calculated_check_counts_its_children(healthy_children: int, healthy: bool) -> None:
    checks = {
        "a": HealthCheck(id="a", type="HTTP"),
        "b": HealthCheck(id="b", type="HTTP"),
        "c": HealthCheck(id="c", type="CALCULATED", children=("a", "b"), healthy_children=healthy_children),
    }
    assert judge(checks, {"a": UP, "b": DOWN})("c") is healthy


def test_inverted_disabled_and_unknown_checks() -> None:
    checks = {
        "inverted": HealthCheck(id="inverted", type="TCP", inverted=True),
        "disabled": HealthCheck(id="disabled", type="TCP", disabled=True),
        "both": HealthCheck(id="both", type="TCP", disabled=True, inverted=True),
    }
    healthy = judge(checks, {"inverted": UP, "disabled": DOWN, "both": DOWN})
    assert [healthy(id) for id in ("inverted", "disabled", "both", "unknown")] == [False, True, False, True]
