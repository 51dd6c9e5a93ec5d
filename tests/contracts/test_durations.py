from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import durations


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [("250ms", 250), ("60s", 60_000), ("5m", 300_000), ("24h", 86_400_000), ("7d", 604_800_000)],
)
def test_units(written: str, milliseconds: int) -> None:
    assert durations.milliseconds(written) == milliseconds
    assert durations.delta(written) == timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize("written", ["", "60", "s", "0s", "-1s", "1.5s", "1w", "1 s", "60s\n", "1h30m", "1000000000s"])
def test_refuses_what_the_api_server_refuses(written: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        durations.milliseconds(written)


@given(st.text(alphabet="0123456789mshd.- ", max_size=8))
def test_parser_and_schema_agree(written: str) -> None:
    fits = re.fullmatch(durations.PATTERN, written) is not None
    try:
        durations.milliseconds(written)
    except ValueError:
        assert not fits
    else:
        assert fits
