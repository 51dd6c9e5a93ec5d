"""Every row and event of the store is compared with the expected ones."""

from __future__ import annotations

import pytest

from cli.checks.verdict import Rows, Verdict, compare, expected, no_row
from dataflows.biosync.signal.row import row
from dataflows.biosync.signal.rules import THRESHOLDS, Rules, StressRules
from dataflows.biosync.tools.offline import compute_beats, compute_frames
from local.wearables.report import Report
from tests.dataflows.beats import frames as stored_frames
from tests.dataflows.beats import series

RULES = Rules(stress=StressRules(hrv_drop="ignore", threshold=THRESHOLDS["ignore"]))
ROWS, EVENTS = expected({"ada": series(1, 14, [(8, 11)])}, RULES)
ARRIVED = dict.fromkeys(EVENTS, 5)


def changed(rows: Rows) -> Rows:
    key = min(rows)
    return rows | {key: rows[key]._replace(quality=0.125)}


def test_a_store_with_all_of_it_is_sound() -> None:
    verdict = compare(ROWS, EVENTS, dict(ROWS), ARRIVED, Report(1))
    assert verdict.sound
    assert (verdict.rows, verdict.events) == (len(ROWS), 1)


@pytest.mark.parametrize(
    "found",
    [changed(ROWS), dict(list(ROWS.items())[1:]), ROWS | {("eve", 1): ROWS[min(ROWS)]}],
    ids=["another value", "a row less", "a row more"],
)
def test_one_differing_row_is_reported(found: Rows) -> None:
    verdict = compare(ROWS, EVENTS, found, ARRIVED, Report(1))
    assert not verdict.sound
    assert verdict.rows_different == 1
    assert "expected" in verdict.example


@pytest.mark.parametrize("arrived", [{}, ARRIVED | {"another": 5}], ids=["an event less", "an event more"])
def test_one_missing_or_extra_event_is_reported(arrived: dict[str, int]) -> None:
    verdict = compare(ROWS, EVENTS, ROWS, arrived, Report(1))
    assert (verdict.sound, verdict.events_different) == (False, 1)
    assert verdict.example.startswith("event ")


def test_nothing_to_compare_is_not_success() -> None:
    sent = {"ada": [(n * 800, 2500.0) for n in range(10)]}
    assert expected(sent, RULES) == ({}, set())
    assert not compare({}, set(), {}, {}, Report(1)).sound
    assert not Verdict(example=no_row(sent, RULES)).sound
    assert "10 beats gave no row" in no_row(sent, RULES)
    assert "0 of their intervals are within 300 to 2000 ms" in no_row(sent, RULES)


def test_beats_that_ingest_never_stores_are_not_expected() -> None:
    beats = series(1, 14, [(8, 11)])
    mixed = [*beats[:300], (beats[300][0] - 1, 9000.0), *beats[300:]]
    assert expected({"ada": mixed}, RULES) == (ROWS, EVENTS)


def test_times_of_arrival_are_expected_in_the_frames_that_were_sent() -> None:
    """Each notification brings three beats with one time, as from a strap; frames of ten cut through them."""
    beats = series(1, 14, [(8, 11)])
    arrived = [(beats[min(i - i % 3 + 2, len(beats) - 1)][0], rr) for i, (_, rr) in enumerate(beats)]
    windows, _ = compute_frames(stored_frames("ada", arrived), RULES)["ada"]
    rows, events = expected({"ada": arrived}, RULES)
    assert rows == {("ada", window.at): row(window) for window in windows}
    assert len(events) == 1
    assert rows != {("ada", window.at): row(window) for window in compute_beats("ada", arrived, RULES)[0]}
