"""How long rows are kept when the stream that declared it is gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from operators.adapters.kept import Kept, comment_of, kept_of, longest

LONG, SHORT = Kept("90d", "aura/old"), Kept("2h", "aura/young")
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}/[a-z][a-z0-9-]{0,20}", fullmatch=True)


@given(st.from_regex(r"[1-9][0-9]{0,5}(ms|s|m|h|d)", fullmatch=True), NAMES)
def test_a_comment_round_trips(retention: str, name: str) -> None:
    statement = comment_of(Kept(retention, name))
    assert kept_of(statement.partition("'")[2].removesuffix("'")) == Kept(retention, name)


def test_other_comments_record_nothing() -> None:
    for comment in ("", "mine", "aura-operators: AuraService aura/x of cluster y"):
        assert kept_of(comment) is None


def test_rows_of_a_stream_that_is_gone_are_kept_as_it_declared() -> None:
    assert longest(SHORT, LONG, {"aura/young"}) == LONG
    assert longest(LONG, SHORT, {"aura/old"}) == LONG


def test_a_stream_that_is_there_may_lower_its_own() -> None:
    assert longest(Kept("2h", "aura/old"), LONG, {"aura/old"}) == Kept("2h", "aura/old")
    assert longest(SHORT, None, {"aura/young"}) == SHORT
