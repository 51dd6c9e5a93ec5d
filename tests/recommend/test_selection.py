"""What is asked of the catalogue, and in which order bounds are given up."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contracts.preferences import NONE, Preferences
from contracts.records import Evidence
from services.recommend.selection.criteria import wishes
from services.recommend.selection.severity import CALMING, CRISIS, PANIC, need_of, query

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


def test_the_rise_of_the_heart_rate_decides_how_acute_it_is() -> None:
    assert [need_of(evidence(rate)) for rate in (70, 82, 100)] == [CALMING, CRISIS, PANIC]


def test_the_words_tell_state_and_preferences() -> None:
    likes = Preferences(kinds=["grounding", "breathing"])
    assert query(CALMING, evidence(70), [], 1e9, None, NONE) == CALMING.words
    assert query(PANIC, evidence(100, 20), [1e9 - 600], 1e9, 3, likes) == "; ".join(
        [
            PANIC.words,
            "the whole body is tense",
            "it has been going on for a while and has not passed",
            "at night, lying awake and unable to sleep",
            "prefers breathing, grounding",
        ]
    )


def test_an_answer_of_this_morning_says_nothing_of_now() -> None:
    assert query(CRISIS, evidence(), [1e9 - 4 * 3600], 1e9, 12, NONE) == CRISIS.words


@given(st.sampled_from([CALMING, CRISIS, PANIC]), preferences, st.sets(st.integers(1, 9)))
def test_bounds_are_only_ever_given_up_and_the_last_wish_fits_anything(need, likes, heard) -> None:
    wished = list(wishes(need, likes, "en", heard))
    assert wished[0].language == (likes.language or "en")
    assert wished[0].heard == heard
    assert (wished[0].longest or 0) <= need.longest
    assert (wished[-1].language, wished[-1].longest, wished[-1].heard) == (None, None, frozenset())
    for earlier, later in pairwise(wished):
        assert later.heard <= earlier.heard
        assert later.longest is None or (earlier.longest or 0) <= later.longest
    assert all(wish.longest is not None and wish.longest <= need.longest for wish in wished[:-1])
