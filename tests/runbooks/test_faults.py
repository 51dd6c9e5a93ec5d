"""Random faults while a runner is killed and resumed: never two writers, never a loss that nobody accepted.

The model checks both at every second and at every promotion (tests/runbooks/model.py).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbooks.model import Event
from runbooks.plans.actions import Runbook
from runbooks.plans.failover import failover
from runbooks.plans.switchover import switchover
from runbooks.ports import Refused, Unreachable
from runbooks.runner import Outcome
from runbooks.turn import InProgress
from tests.runbooks.model import EAST, PAIR, WEST, Model
from tests.runbooks.runs import Killed, Typist, runner

FAULTS: dict[str, Callable[[Model], None]] = {
    "west is lost": lambda model: _set(model, WEST, alive=False),
    "west returns": lambda model: _set(model, WEST, alive=True),
    "east is lost": lambda model: _set(model, EAST, alive=False),
    "east returns": lambda model: _set(model, EAST, alive=True),
    "west loses the witness": lambda model: _set(model, WEST, sees_witness=False),
    "west finds the witness": lambda model: _set(model, WEST, sees_witness=True),
    "east loses the witness": lambda model: _set(model, EAST, sees_witness=False),
    "east finds the witness": lambda model: _set(model, EAST, sees_witness=True),
    "west is hidden": lambda model: _set(model, WEST, visible=False),
    "west is seen": lambda model: _set(model, WEST, visible=True),
    "west is cut off": lambda model: _set(model, WEST, visible=False, sees_witness=False),
    "the line is cut": lambda model: setattr(model, "linked", False),
    "the line is mended": lambda model: setattr(model, "linked", True),
    "the runner loses the witness": lambda model: setattr(model, "witness_answers", False),
    "the runner finds the witness": lambda model: setattr(model, "witness_answers", True),
}


def _set(model: Model, region: str, **state: bool) -> None:
    for name, value in state.items():
        setattr(model.regions[region], name, value)


def heal(model: Model) -> None:
    for region in (WEST, EAST):
        _set(model, region, alive=True, sees_witness=True, visible=True)
    model.linked = model.witness_answers = True


PLANS: dict[str, Callable[[], Runbook]] = {
    "failover": lambda: failover(PAIR, WEST),
    "switchover": lambda: switchover(PAIR, WEST),
}
SCHEDULES = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(sorted(FAULTS))), max_size=8)
LIVES = st.lists(st.integers(0, 20), min_size=2, max_size=5)
"""After how many lines of the journal each life of the runner ends; 0: not before it pauses."""


def attempt(model: Model, plan: str, file: Path, kill_after: int, name: str) -> Outcome | None:
    """One life of a runner; None when it ended otherwise than by its plan. A step that may be skipped is, once it
    has paused the execution."""
    try:
        with runner(model, PLANS[plan](), file, Typist(model), kill_after, name) as one:
            entries = one.journal.entries
            if not entries:
                return one.start()
            skip = [entry.step for entry in entries if entry.event is Event.PAUSED and entry.step == "prove-loss"]
            return one.resume(skip[:1])
    except (Killed, Unreachable, InProgress, Refused):
        return None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schedule=SCHEDULES, plan=st.sampled_from(sorted(PLANS)), lives=LIVES)
def test_one_writer_and_no_loss_that_nobody_accepted(
    schedule: list[tuple[int, str]], plan: str, lives: list[int]
) -> None:
    model = Model()
    begin = model.now

    def faults(model: Model) -> None:
        for at, fault in schedule:
            if model.now == begin + 1 + at:
                FAULTS[fault](model)

    model.at_tick = faults
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        file = Path(folder) / "one.jsonl"
        for number, kill in enumerate(lives):
            attempt(model, plan, file, kill, f"runner {number}")
            model.sleep(5)
        model.at_tick = lambda model: None
        heal(model)
        model.sleep(60)
        last = attempt(model, plan, file, 0, "last")
        model.sleep(60)
    writers = [name for name, region in model.regions.items() if region.writes(model.now)]
    if last is Outcome.COMPLETED:
        assert writers == [EAST]
