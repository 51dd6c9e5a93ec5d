"""The life of a read replica, with every interruption of it: pure decisions on a world that forgets and keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from local.cloud.svc.rds.replication import Found, Health, Step, health, lag, next_step, promoted_by_deletion


@dataclass(frozen=True)
class Simulation:
    """What is on disk and what runs; engines outlive the endpoint."""

    asked: bool = False
    """Recorded: a promotion was asked for."""
    follows: bool = True
    """Recorded: it is a replica."""
    source: bool = True
    slot: bool = False
    seeded: bool = False
    signal: bool = False
    """The data say that they are a standby's."""
    running: bool = False
    recovering: bool = False

    def found(self) -> Found:
        return Found(self.asked, self.source, self.seeded, self.running, self.running and self.recovering)

    @property
    def takes_writes(self) -> bool:
        return self.running and not self.recovering


Change = Callable[[Simulation], Simulation]
CHANGES: dict[Step, tuple[Change, ...]] = {
    Step.SEED: (lambda w: replace(w, slot=True), lambda w: replace(w, seeded=True, signal=True)),
    Step.START: (
        lambda w: w if w.asked else replace(w, signal=True),
        lambda w: replace(w, running=True, recovering=w.signal),
    ),
    Step.FENCE: (lambda w: replace(w, running=False),),
    Step.PROMOTE: (lambda w: replace(w, recovering=False, signal=False),),
    Step.DETACH: (lambda w: replace(w, follows=False, asked=False),),
}
"""What a step does, one change after the other."""
LOSSES: dict[str, Change] = {
    "the endpoint is killed": lambda w: w,
    "the endpoint and the server are killed": lambda w: replace(w, running=False),
    "the source dies for ever": lambda w: replace(w, source=False),
}


def advance(world: Simulation, budget: int | None = None) -> Simulation:
    """Takes every step that is due; stops after `budget` changes."""
    made = 0
    while world.follows and (step := next_step(world.found())) not in (Step.DONE, Step.GIVE_UP):
        for change in CHANGES[step]:
            if made == budget:
                return world
            world = change(world)
            made += 1
            assert world.asked or not world.follows or not world.takes_writes, f"after {step} two copies take writes"
    if not world.follows and not world.running:  # started as any instance
        return replace(world, running=True, recovering=world.signal)
    return world


FOLLOWING = Simulation(slot=True, seeded=True, signal=True, running=True, recovering=True)
PROMOTED = Simulation(follows=False, slot=True, seeded=True, running=True)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("before", "after"), [(Simulation(), FOLLOWING), (replace(FOLLOWING, asked=True), PROMOTED)])
def test_every_interruption_is_completed(before: Simulation, after: Simulation, loss: str) -> None:
    assert advance(before) == after
    for budget in range(6):
        interrupted = LOSSES[loss](advance(before, budget))
        completed = advance(interrupted)
        if interrupted.source or interrupted.seeded:
            assert replace(completed, source=True) == after
        else:
            assert next_step(completed.found()) is Step.GIVE_UP
        assert advance(completed) == completed


def test_a_replica_that_nobody_promoted_is_stopped_and_follows_again() -> None:
    writing = replace(FOLLOWING, recovering=False, signal=False)
    assert next_step(writing.found()) is Step.FENCE
    assert advance(CHANGES[Step.FENCE][0](writing)) == FOLLOWING


def test_a_promotion_needs_no_source() -> None:
    assert advance(replace(FOLLOWING, asked=True, source=False, running=False)) == replace(PROMOTED, source=False)


def test_the_deletion_of_a_source_promotes_its_replicas_at_home_only() -> None:
    assert promoted_by_deletion("us-west-2", "us-west-2", "available")
    assert not promoted_by_deletion("us-east-1", "us-west-2", "available")
    assert not promoted_by_deletion("us-west-2", "us-west-2", "deleting")


def test_health_says_what_is_wrong_and_what_is_intact() -> None:
    assert health("s", True, True, None) == Health("replicating")
    silent, lost, gone = (
        health("s", True, False, "reserved"),
        health("s", True, False, "lost"),
        health("s", False, False, None),
    )
    assert [h.status for h in (silent, lost, gone)] == ["error", "error", "terminated"]
    assert not any(h.normal for h in (silent, lost, gone))
    assert "does not answer" in silent.message
    assert "max_slot_wal_keep_size" in lost.message and "intact" in lost.message
    assert "promote" in gone.message


@pytest.mark.parametrize(
    ("streaming", "level", "age", "since", "seconds"),
    [
        (True, True, 3600.0, None, 0.0),
        (True, False, 7.0, None, 7.0),
        (True, False, 3600.0, 2.0, 2.0),  # the source was idle for an hour, then wrote
        (True, False, 1.0, 30.0, 1.0),
        (False, False, 7.0, 2.0, -1.0),
        (False, True, 0.0, 0.0, -1.0),
    ],
)
def test_lag(streaming: bool, level: bool, age: float, since: float | None, seconds: float) -> None:
    assert lag(streaming, level, age, since) == seconds
