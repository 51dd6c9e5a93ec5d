"""Connections end with their token: what is due is found once, and what is gone leaves nothing behind."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.expiry import Expiry


@given(st.lists(st.floats(0, 50)), st.lists(st.floats(0, 60)).map(sorted), st.sets(st.integers(0, 40)))
def test_each_is_due_once_when_its_second_is_over(ends: list[float], sweeps: list[float], gone: set[int]) -> None:
    expiry: Expiry[int] = Expiry()
    for item, end in enumerate(ends):
        expiry.add(item, end)
    left = {item: end for item, end in enumerate(ends) if item not in gone}
    for item, end in enumerate(ends):
        if item in gone:
            expiry.discard(item, end)
    for now in sweeps:
        due = expiry.take_due(now)
        assert sorted(due) == [item for item, end in left.items() if math.ceil(end) <= now]
        for item in due:
            expiry.discard(item, left.pop(item))
    assert sorted(expiry.take_due(math.inf)) == list(left)
    assert not expiry._by_second


def test_a_token_without_a_usable_end_is_never_due() -> None:
    expiry: Expiry[str] = Expiry()
    for end in (math.inf, math.nan, 1e300):
        expiry.add(str(end), end)
    assert expiry.take_due(4e9) == []
