"""Engine addresses: one each, the same for life, and rested before they are given out again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.engines.runtime.addresses import FIRST, LAST, AddressRegistry, next_number
from local.site import Site

NUMBERS = st.integers(min_value=FIRST, max_value=LAST)


@given(st.sets(NUMBERS, max_size=50), NUMBERS)
def test_next_number_is_free_and_the_nearest_after_the_last(taken: set[int], last: int) -> None:
    number = next_number(taken, last)
    assert number not in taken
    assert FIRST <= number <= LAST
    between = range(last + 1, number) if number > last else [*range(last + 1, LAST + 1), *range(FIRST, number)]
    assert set(between) <= taken


def test_full_region_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="taken"):
        next_number(set(range(FIRST, LAST + 1)), FIRST)


def test_address_stays_and_is_not_given_to_the_next(tmp_path: Path) -> None:
    addresses = AddressRegistry(Site(tmp_path), "us-west-2")
    first = addresses.of("first")
    assert AddressRegistry(Site(tmp_path), "us-west-2").of("first") == first
    addresses.release("first")
    assert addresses.of("second") != first
    assert addresses.of("first") != first


def test_starters_at_the_same_time_get_different_addresses(tmp_path: Path) -> None:
    def claim(number: int) -> str:
        return AddressRegistry(Site(tmp_path), "us-west-2").of(f"engine-{number}")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(claim, range(40)))) == 40
