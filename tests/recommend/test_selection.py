"""Severity, query text, and the order in which criteria are relaxed."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contracts.preferences import NONE, Preferences
from contracts.records import Evidence
from services.recommend.selection.criteria import relaxations
from services.recommend.selection.severity import CALMING, CRISIS, PANIC, classify, query_text

words = st.text("abc", min_size=1, max_size=3)
preferences = st.builds(
    Preferences,
    language=st.none() | st.sampled_from(["en", "de", "fi"]),
    longest_minutes=st.none() | st.integers(1, 120),
    kinds=st.lists(words, max_size=3),
    voices=st.lists(words, max_size=3),
)


def evidence(heart_rate: float = 100, rmssd: float | None = 40) -> Evidence:
    return Evidence(heart_rate, 62, rmssd, 45, 1, 9, 5, "gate", "1")


def test_severity_follows_the_rise_of_the_heart_rate() -> None:
    assert [classify(evidence(rate)) for rate in (70, 82, 100)] == [CALMING, CRISIS, PANIC]


def test_the_query_has_severity_and_preferences() -> None:
    preferred = Preferences(kinds=["grounding", "breathing"])
    assert query_text(CALMING, evidence(70), [], 1e9, None, NONE) == CALMING.words
    assert query_text(PANIC, evidence(100, 20), [1e9 - 600], 1e9, 3, preferred) == "; ".join(
        [
            PANIC.words,
            "the whole body is tense",
            "it has been going on for a while and has not passed",
            "at night, lying awake and unable to sleep",
            "prefers breathing, grounding",
        ]
    )


def test_an_answer_of_hours_ago_is_not_in_the_query() -> None:
    assert query_text(CRISIS, evidence(), [1e9 - 4 * 3600], 1e9, 12, NONE) == CRISIS.words


@given(st.sampled_from([CALMING, CRISIS, PANIC]), preferences, st.sets(st.integers(1, 9)))
def test_criteria_are_only_relaxed_and_the_last_match_anything(severity, preferences, played) -> None:
    steps = list(relaxations(severity, preferences, "en", played))
    assert steps[0].language == (preferences.language or "en")
    assert steps[0].recently_played == played
    assert (steps[0].max_minutes or 0) <= severity.max_minutes
    assert (steps[-1].language, steps[-1].max_minutes, steps[-1].recently_played) == (None, None, frozenset())
    for earlier, later in pairwise(steps):
        assert later.recently_played <= earlier.recently_played
        assert later.max_minutes is None or (earlier.max_minutes or 0) <= later.max_minutes
    assert all(
        criteria.max_minutes is not None and criteria.max_minutes <= severity.max_minutes for criteria in steps[:-1]
    )
