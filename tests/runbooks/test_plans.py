"""Plans on the model of two regions and a witness: what they end in, what they refuse, and every interruption."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from runbooks.model import Entry, Event
from runbooks.plans.actions import Runbook
from runbooks.plans.failback import failback
from runbooks.plans.failover import failover
from runbooks.plans.switchover import switchover
from runbooks.runner import Outcome
from runbooks.turn import InProgress
from tests.runbooks.model import DATABASES, EAST, PAIR, WEST, Model, arn
from tests.runbooks.runs import Killed, Typist, completed, interrupted, lines, runner


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory: thousands of lines are synced to it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        yield Path(name)


def lost_region() -> Model:
    model = Model()
    model.regions[WEST].alive = False
    model.forbidden = WEST
    return model


def after_failover(folder: Path) -> Model:
    model = lost_region()
    completed(model, failover(PAIR, WEST), folder / "failed-over.jsonl")
    model.forbidden = ""
    model.regions[WEST].alive = True
    model.sleep(20)
    return model


def events(entries: list[Entry], event: Event) -> list[str]:
    return [entry.step for entry in entries if entry.event is event]


def test_a_failover_asks_no_api_of_the_lost_region_and_ends_with_one_writer(folder: Path) -> None:
    model = lost_region()
    entries = completed(model, failover(PAIR, WEST), folder / "f.jsonl")
    assert model.regions[EAST].writes(model.now)
    assert {one.source for one in model.regions[EAST].databases.values()} == {""}
    assert (model.primary_cache, model.regions[EAST].role) == (EAST, "active")
    assert model.lease().region == EAST
    assert events(entries, Event.ASKED) == ["accept-loss"]


def test_a_switchover_loses_nothing_asks_only_before_it_deletes_and_leaves_a_pair(folder: Path) -> None:
    model = Model()
    person = Typist(model)
    entries = completed(model, switchover(PAIR, WEST), folder / "s.jsonl", person)
    assert not model.accepted
    assert model.lost == dict.fromkeys(DATABASES, 0)
    assert {name: one.source for name, one in model.regions[WEST].databases.items()} == {
        name: arn(EAST, name) for name in DATABASES
    }
    assert len(person.asked) == len(DATABASES)
    command = entries[-2].text.splitlines()[1]
    for name in DATABASES:
        assert f"s/db-aura-{WEST}-{name}/db-aura-{WEST}-{name}-anew/g" in command
    assert EAST not in command and "|" not in command
    model.sleep(10)
    completed(model, switchover(PAIR, EAST), folder / "again.jsonl")
    assert model.lease().region == WEST


def test_a_failback_makes_the_old_region_a_replica_and_then_the_active_one(folder: Path) -> None:
    model = after_failover(folder)
    assert not model.regions[WEST].writes(model.now), "a region that returned must stay fenced"
    entries = completed(model, failback(PAIR, EAST), folder / "b.jsonl")
    assert entries[-2].text.count("-anew/g") == len(DATABASES) * 2  # those of both regions
    assert model.lease().region == WEST
    assert model.regions[WEST].writes(model.now)
    assert {one.source for one in model.regions[WEST].databases.values()} == {""}
    assert {one.source for one in model.regions[EAST].databases.values()} == {arn(WEST, name) for name in DATABASES}


PLANS = {
    "failover": lambda: failover(PAIR, WEST),
    "switchover": lambda: switchover(PAIR, WEST),
    "failback": lambda: failback(PAIR, EAST),
}


def before(plan: str, folder: Path) -> Callable[[], Model]:
    model = lost_region() if plan == "failover" else Model() if plan == "switchover" else after_failover(folder)
    return lambda: deepcopy(model)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("pause_s", [0, 90])
def test_killed_after_any_line_and_resumed_it_ends_in_the_same_state(plan: str, pause_s: float, folder: Path) -> None:
    fresh = before(plan, folder)
    model = fresh()
    count = len(completed(model, PLANS[plan](), folder / "whole.jsonl"))
    whole = model.end_state()
    assert count > 15
    for after in range(1, count):
        model = fresh()
        entries = interrupted(model, PLANS[plan], folder / f"{after}.jsonl", after, pause_s)
        assert model.end_state() == whole, f"killed after line {after}"
        assert events(entries, Event.RESUMED)


def paused(model: Model, runbook: Runbook, file: Path, person: Typist | None = None) -> str:
    with runner(model, runbook, file, person or Typist(model)) as one:
        assert one.start() is Outcome.PAUSED
        return one.journal.entries[-1].text


def test_a_region_that_answers_is_not_failed_over(folder: Path) -> None:
    model = Model()
    assert "us-west-2 is not lost: gateway answers" in paused(model, failover(PAIR, WEST), folder / "f.jsonl")
    assert model.regions[WEST].writes(model.now)
    assert model.lease().fenced_by == ""


def test_a_region_that_answers_is_failed_over_when_the_proof_is_skipped(folder: Path) -> None:
    model, file = Model(), folder / "f.jsonl"
    paused(model, failover(PAIR, WEST), file)
    with runner(model, failover(PAIR, WEST), file, Typist(model)) as one:
        assert one.resume(skip=["prove-loss"]) is Outcome.COMPLETED
    assert model.regions[EAST].writes(model.now)


def test_a_second_failover_is_refused_until_the_old_region_is_a_replica(folder: Path) -> None:
    model = after_failover(folder)
    model.sleep(60)
    model.regions[EAST].alive = False
    said = paused(model, failover(PAIR, EAST), folder / "second.jsonl")
    assert "aura-us-west-2-auth in us-west-2 follows nobody" in said
    assert model.lease().region == EAST
    assert not model.regions[WEST].writes(model.now)


def test_nothing_is_promoted_when_nobody_answers_and_the_resume_asks_again(folder: Path) -> None:
    model, file = lost_region(), folder / "f.jsonl"
    assert "nobody answered" in paused(model, failover(PAIR, WEST), file, Typist(model, answers=False))
    assert all(one.source for one in model.regions[EAST].databases.values())
    with runner(model, failover(PAIR, WEST), file, Typist(model)) as one:
        assert one.resume() is Outcome.COMPLETED
    assert events(lines(file), Event.ASKED) == ["accept-loss", "accept-loss"]


def test_another_person_is_told_who_is_at_it(folder: Path) -> None:
    model, file = lost_region(), folder / "first.jsonl"
    with pytest.raises(Killed), runner(model, failover(PAIR, WEST), file, Typist(model), kill_after=9) as one:
        one.start()
    with (
        runner(model, failover(PAIR, WEST), folder / "second.jsonl", Typist(model, "bob@home")) as second,
        pytest.raises(InProgress, match=r"ada@laptop carries out `failover` \(execution first\)"),
    ):
        second.start()


def test_a_runner_that_was_replaced_does_nothing_more(folder: Path) -> None:
    model = lost_region()
    with runner(model, failover(PAIR, WEST), folder / "f.jsonl", Typist(model)) as one:
        taken: list[str] = []

        def replace(model: Model) -> None:
            if model.regions[EAST].databases["auth"].source and model.lease().fenced_by and not taken:
                taken.append("now")
                stored = one.environment.witness.read("executions/current.json")
                assert stored is not None
                one.environment.witness.write(
                    "executions/current.json", stored.body.replace(b'"one"', b'"two"'), stored.etag
                )

        model.at_tick = replace
        with pytest.raises(InProgress):
            one.start()
    assert all(database.source for database in model.regions[EAST].databases.values())


def test_the_store_is_promoted_with_the_token_of_the_old_one(folder: Path) -> None:
    model = Model()
    completed(model, switchover(PAIR, WEST), folder / "switched-over.jsonl")
    old, new = model.regions[WEST].store, model.regions[EAST].store
    assert old is not None
    assert new is not None
    assert (old.primary, new.primary, new.promotion) == (False, True, old.token)
    assert not old.diverged


def test_a_switchover_serves_while_messages_arrive_and_ends_when_they_have(folder: Path) -> None:
    model, file = Model(), folder / "s.jsonl"
    model.messages_behind = 3
    with runner(model, switchover(PAIR, WEST), file, Typist(model)) as one:
        assert one.start() is Outcome.PAUSED
    assert "raw of us-east-1 lacks 3 messages" in lines(file)[-1].text
    assert all(one.source for one in model.regions[WEST].databases.values()), "its databases follow meanwhile"
    assert model.regions[EAST].writes(model.now)
    model.messages_behind = 0
    model.sleep(10)
    with runner(model, switchover(PAIR, WEST), file, Typist(model)) as one:
        assert one.resume() is Outcome.COMPLETED


def test_a_diverged_store_is_recreated_after_approval(folder: Path) -> None:
    model = after_failover(folder)
    store = model.regions[WEST].store
    assert store is not None
    assert store.diverged
    entries = completed(model, failback(PAIR, EAST), folder / "failed-back.jsonl")
    assert f"rebuild-store/{WEST}" in events(entries, Event.ASKED)
    made = model.regions[WEST].store
    assert made is not None
    assert (made.uid, made.primary) == (2, True)
