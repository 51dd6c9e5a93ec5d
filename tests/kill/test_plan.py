"""The plan of a seed."""

from __future__ import annotations

import pytest

from tests.kill.plan import TARGETS, plan, seeds


def test_a_seed_gives_the_same_round_again() -> None:
    assert plan(4711) == plan(4711)
    assert len({plan(seed).share for seed in range(100)}) == 100


def test_consecutive_seeds_kill_every_target() -> None:
    killed = {plan(seed).kills[0].target.split("-")[0] for seed in range(100, 100 + len(TARGETS))}
    assert killed == set(TARGETS)


def test_no_target_is_killed_twice_in_a_round() -> None:
    for seed in range(200):
        targets = [kill.target.split("-")[0] for kill in plan(seed).kills]
        assert len(targets) == len(set(targets))


def test_the_environment_sets_the_number_of_rounds_and_the_first_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURA_KILL_ROUNDS", "3")
    monkeypatch.setenv("AURA_KILL_SEED", "17")
    assert seeds() == [17, 18, 19]
    monkeypatch.delenv("AURA_KILL_ROUNDS")
    assert len(seeds()) == len(TARGETS)
