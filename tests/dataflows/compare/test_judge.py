"""What a candidate computed against what the running image stored, over any order in which the two come."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.records import Evidence, StressEvent
from dataflows.biosync.compare.judge import FINAL, FIRST_LOOK, NEXT_LOOK, Judge, Lookup, Progress, Stored, StoredEvent
from dataflows.biosync.compare.measures import evidence_difference, row_difference
from dataflows.biosync.place import Place
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.partition import Output
from dataflows.biosync.signal.row import Row, RowKey, row

NOW = 1_760_000_000_000
EVIDENCE = Evidence(91.0, 62.5, 21.0, 40.0, 0.9, 30.0, 20.0, "gate", "1")


def window(at: int, rmssd: float = 40.0) -> Window:
    return Window(at, 61.5, rmssd, 55.0, 12.5, 60, 0.95)


def event(at: int, evidence: Evidence = EVIDENCE) -> StressEvent:
    return StressEvent(f"event-{at}", "ann", at, at, "", evidence)


def _within(due: Lookup, user: str, at: int) -> bool:
    after, until = due.spans.get(user, (0, 0))
    return after < at <= until


class Run:
    """A candidate's partition 0 and the running image's store, over time."""

    def __init__(self, tolerance: float = 0.0) -> None:
        self.judge = Judge(tolerance)
        self.now = NOW
        self.offset = 0
        self.rows: dict[RowKey, Row] = {}
        self.events: dict[str, StoredEvent] = {}
        self.progress: dict[int, Progress] = {}

    def compute(self, windows: Iterable[Window] = (), events: Iterable[StressEvent] = (), user: str = "ann") -> None:
        self.offset += 1
        output = Output([(user, one) for one in windows], list(events), [])
        self.judge.add(0, Place("topic", self.offset, 0), output, self.now)

    def store(self, *windows: Window, user: str = "ann") -> None:
        self.rows |= {(user, one.at): row(one) for one in windows}

    def raise_(self, *events: StressEvent) -> None:
        self.events |= {one.event_id: StoredEvent(one.user, one.raised, one.evidence) for one in events}

    def stored_all(self, but: frozenset[RowKey] = frozenset()) -> None:
        """The running image's snapshot is of everything so far, all of it written but for these rows."""
        self.progress = {0: Progress(Place("topic", self.offset, 0), but)}

    def look(self, after: int) -> list[str]:
        """The differences that are final `after` ms later."""
        self.now += after
        found = list[str]()
        while due := self.judge.lookup(self.now, 3):
            rows = {key: one for key, one in self.rows.items() if _within(due, *key)}
            events = {
                key: one for key, one in self.events.items() if key in due.events or _within(due, one.user, one.raised)
            }
            found += [one.what for one in self.judge.judge(due, Stored(rows, events), self.progress, self.now)]
        return found

    def begin(self) -> None:
        """The person's first row, which both have."""
        self.compute([window(NOW - 10_000)])
        self.store(window(NOW - 10_000))
        assert self.look(FIRST_LOOK) == [] and self.counts == (1, 0, 0)

    @property
    def counts(self) -> tuple[int, int, int]:
        told = self.judge.comparison()
        return told.rows, told.events, told.different


def test_equal_rows_and_events_are_counted_once_they_are_stored() -> None:
    run = Run()
    run.compute([window(NOW)], [event(NOW + 5)])
    assert run.look(FIRST_LOOK - 1) == [] and run.counts == (0, 0, 0)
    assert run.judge.comparison().until == 0
    run.store(window(NOW))
    run.raise_(event(NOW + 5))
    assert run.look(1) == []
    assert run.counts == (1, 1, 0)
    assert (run.judge.comparison().since, run.judge.comparison().until) == (NOW, NOW)
    assert run.judge.pending == 0


def test_what_is_stored_later_is_looked_for_again() -> None:
    run = Run()
    run.compute([window(NOW)], [event(NOW + 5)])
    assert run.look(FIRST_LOOK) == []
    run.store(window(NOW))
    run.raise_(event(NOW + 5))
    assert run.look(NEXT_LOOK) == []
    assert run.counts == (1, 1, 0)


def test_a_row_that_was_judged_is_not_missing_when_an_earlier_one_is_looked_for_with_a_later_one() -> None:
    run = Run()
    run.compute([window(NOW), window(NOW + 10_000)])
    run.store(window(NOW + 10_000))
    assert run.look(FIRST_LOOK) == [] and run.counts == (1, 0, 0)
    run.compute([window(NOW + 20_000)])
    run.store(window(NOW), window(NOW + 20_000))
    assert run.look(NEXT_LOOK) == [] and run.counts == (3, 0, 0)


def test_a_difference_is_final_once_the_running_image_has_stored_all_of_those_records() -> None:
    run = Run()
    run.compute([window(NOW)])
    run.store(window(NOW, 40.4))
    assert run.look(10 * FINAL) == []  # it may be behind
    run.progress = {0: Progress(Place("topic", 0, 0))}
    assert run.look(NEXT_LOOK) == []
    run.stored_all(but=frozenset({("ann", NOW)}))
    assert run.look(NEXT_LOOK) == []  # its snapshot says that this row is not written
    run.stored_all()
    (what,) = run.look(NEXT_LOOK)
    assert what.startswith("row of 2025-10-09T08:53:20.000Z in partition 0: rmssd is 40.4, and this image computes 40")
    assert "ann" not in what
    assert run.counts == (0, 0, 1)
    assert run.judge.comparison().difference == what


def test_a_row_that_the_running_image_is_about_to_write_again_is_no_difference() -> None:
    run = Run()
    run.compute([window(NOW)])
    run.store(window(NOW, 44.0))  # the clock was set back: it computed this one from later records
    run.stored_all()
    assert run.look(FIRST_LOOK) == []
    run.compute([window(NOW, 44.0)])
    assert run.look(FINAL) == []
    assert run.counts == (1, 0, 0)


@pytest.mark.parametrize("topic", ["topic", "another"])
def test_what_is_missing_in_either_is_a_difference(topic: str) -> None:
    run = Run()
    run.begin()
    run.compute([window(NOW), window(NOW + 20_000)], [event(NOW + 30_000)])
    run.store(window(NOW), window(NOW + 10_000), window(NOW + 20_000))
    run.raise_(event(NOW + 15_000))
    run.progress = {0: Progress(Place(topic, run.offset, 0))}
    found = run.look(FINAL)
    assert [one.split(": ")[1] for one in found[:2]] == ["this image computes none", "this image raises none"]
    rest = [one.split(": ")[1] for one in found[2:]]
    assert rest == (["the running image raised none"] if topic == "topic" else [])  # offsets are of one topic
    assert run.counts == (3, 0, len(found))


def test_rows_before_the_first_that_was_computed_are_not_compared() -> None:
    run = Run()
    run.store(window(NOW - 10_000), window(NOW))
    run.raise_(event(NOW - 5_000))
    run.compute([window(NOW)])
    run.stored_all()
    assert run.look(FINAL) == [] and run.counts == (1, 0, 0)


def test_rows_and_events_ahead_of_a_clock_that_was_set_back_before_it_began_are_not_compared() -> None:
    run = Run()
    run.store(*(window(NOW + 10_000 * i) for i in range(1, 10)))
    run.raise_(event(NOW + 94_000))
    run.compute([window(NOW)])
    run.store(window(NOW))
    assert run.look(FIRST_LOOK) == []
    run.compute([window(NOW + 100_000)])
    run.store(window(NOW + 100_000))
    run.stored_all()
    assert run.look(FINAL) == [] and run.counts == (2, 0, 0)
    run.compute([window(NOW + 130_000)])
    run.store(window(NOW + 110_000), window(NOW + 130_000))
    assert [one.split(": ")[1] for one in run.look(FINAL)] == ["this image computes none"]


def test_the_time_that_is_judged_ends_with_the_newest_row_and_before_the_oldest_that_waits() -> None:
    run = Run()
    for moment in (0, 60_000, 120_000):
        run.now = NOW + moment
        run.compute([window(NOW + moment)])
        if moment != 60_000:
            run.store(window(NOW + moment))
    run.look(FIRST_LOOK)
    assert run.judge.comparison().until == NOW + 60_000
    run.store(window(NOW + 60_000))
    run.look(3_600_000)
    assert run.judge.comparison().until == NOW + 120_000  # a silence proves nothing


def test_a_row_that_is_computed_again_waits_from_then_on() -> None:
    run = Run()
    for moment, of in ((0, 0), (1_000, 10_000), (60_000, 0), (120_000, 20_000)):
        run.now = NOW + moment
        run.compute([window(NOW + of)])
    run.store(window(NOW + 20_000))
    run.look(FIRST_LOOK)
    assert run.judge.comparison().until == NOW + 1_000  # of the second, which is the oldest that waits


def test_an_account_that_has_ended_is_not_compared() -> None:
    run = Run()
    run.compute([window(NOW)], [event(NOW)])
    run.compute([window(NOW)], user="bob")
    run.store(window(NOW), user="bob")
    run.judge.add(0, Place("topic", 3, 0), Output([], [], [], erased=["ann"]), run.now)
    run.stored_all()
    assert run.look(FINAL) == []
    assert run.counts == (1, 0, 0) and run.judge.pending == 0


def test_unreadable_evidence_is_a_difference() -> None:
    run = Run()
    run.compute([window(NOW)], [event(NOW)])
    run.store(window(NOW))
    run.events[event(NOW).event_id] = StoredEvent("ann", NOW, None)
    run.stored_all()
    assert run.look(FINAL) == ["event of 2025-10-09T08:53:20.000Z in partition 0: this image cannot read its evidence"]


def test_measures_may_differ_by_the_tolerance() -> None:
    one, other = row(window(NOW)), row(window(NOW, 40.4))
    assert row_difference(one, one, 0.0) == ""
    assert row_difference(one, other, 0.0) == "rmssd is 40, and this image computes 40.4"
    assert row_difference(one, other, 0.0099) and not row_difference(one, other, 0.01)
    assert row_difference(one._replace(hr=None), one, 0.5) == "hr is missing, and this image computes 61.5"
    assert row_difference(one._replace(dropped=None), one._replace(dropped=3), 0.0) == ""
    assert row_difference(one._replace(dropped=2), one._replace(dropped=3), 0.0)
    higher = msgspec.structs.replace(EVIDENCE, score=30.3, version="2")
    assert not evidence_difference(EVIDENCE, msgspec.structs.replace(EVIDENCE, version="2"), 0.0)
    assert evidence_difference(EVIDENCE, higher, 0.0) and not evidence_difference(EVIDENCE, higher, 0.01)
    assert evidence_difference(EVIDENCE, msgspec.structs.replace(EVIDENCE, rule="score"), 0.5)


STEPS = st.lists(st.sampled_from(["compute", "store", "look", "snapshot"]), max_size=60)


@settings(max_examples=400)
@example(["compute", "look"], "candidate", 1)
@example([*["compute"] * 5, *["store"] * 4, "look"], "candidate", 3)
@given(STEPS, st.sampled_from([None, "value", "candidate", "running"]), st.integers(0, 5))
def test_whatever_the_order_equal_images_differ_in_nothing_and_one_difference_is_found(
    steps: list[str], fault: str | None, at: int
) -> None:
    """Both compute a row of each of seven moments, in order, but for the faulty one, which is not the first."""
    moments = [NOW + 10_000 * i for i in range(6)]
    run = Run()
    run.begin()
    computed = stored = 0

    def do(step: str) -> list[str]:
        nonlocal computed, stored
        if step == "compute" and computed < len(moments):
            run.compute([] if (fault, at) == ("candidate", computed) else [window(moments[computed])])
            computed += 1
        elif step == "store" and stored < len(moments):
            if (fault, at) != ("running", stored):
                run.store(window(moments[stored], 44.0 if (fault, at) == ("value", stored) else 40.0))
            stored += 1
        elif step == "snapshot":
            run.progress = {0: Progress(Place("topic", 1 + stored, 0))}
        elif step == "look":
            return run.look(3_000)
        return []

    found = [what for step in steps for what in do(step)]
    for step in ["compute", "store"] * 6 + ["snapshot"] + ["look"] * 10:
        found += do(step)
    ends = (fault, at) == ("candidate", 5)  # nothing beyond it tells
    assert len(found) == (0 if fault is None or ends else 1), found
    assert run.judge.pending == 0
