"""What a seed stands for."""

from __future__ import annotations

import pytest

from tests.kill.plan import TARGETS, plan, seeds


def test_a_seed_gives_the_same_round_again() -> None:
    assert plan(4711) == plan(4711)
    assert len({plan(seed).share for seed in range(100)}) == 100


def test_as_many_rounds_as_there_are_victims_kill_each() -> None:
    struck = {plan(seed).kills[0].target.split("-")[0] for seed in range(100, 100 + len(TARGETS))}
    assert struck == set(TARGETS)


def test_nobody_is_killed_twice_in_a_round() -> None:
    for seed in range(200):
        victims = [blow.target.split("-")[0] for blow in plan(seed).kills]
        assert len(victims) == len(set(victims))


def test_the_environment_says_how_many_rounds_and_from_which_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURA_KILL_ROUNDS", "3")
    monkeypatch.setenv("AURA_KILL_SEED", "17")
    assert seeds() == [17, 18, 19]
    monkeypatch.delenv("AURA_KILL_ROUNDS")
    assert len(seeds()) == len(TARGETS)
