"""Engine addresses are unique, stay the same until they are released, and are reused as late as possible."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.engines.runtime.addresses import FIRST, LAST, AddressRegistry, Allocations, next_number
from local.site import Site

NUMBERS = st.integers(min_value=FIRST, max_value=LAST)


@given(st.sets(NUMBERS, max_size=50), NUMBERS)
def test_next_number_is_free_and_the_nearest_after_the_last(allocated: set[int], last: int) -> None:
    number = next_number(allocated, last)
    assert number not in allocated
    assert FIRST <= number <= LAST
    between = range(last + 1, number) if number > last else [*range(last + 1, LAST + 1), *range(FIRST, number)]
    assert set(between) <= allocated


def test_a_full_region_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="allocated"):
        next_number(set(range(FIRST, LAST + 1)), FIRST)


def test_an_address_is_stable_and_not_reused_at_once(tmp_path: Path) -> None:
    addresses = AddressRegistry(Site(tmp_path), "us-west-2")
    first = addresses.of("first")
    assert AddressRegistry(Site(tmp_path), "us-west-2").of("first") == first
    addresses.release("first")
    assert addresses.of("second") != first


def test_an_engine_that_is_made_again_has_its_address_again(tmp_path: Path) -> None:
    addresses = AddressRegistry(Site(tmp_path), "us-west-2")
    first = addresses.of("first")
    addresses.release("first")
    addresses.of("second")
    assert addresses.of("first") == first


def test_a_reused_address_is_not_allocated_to_its_former_name() -> None:
    allocations = Allocations(LAST, {}, {"first": FIRST})
    assert allocations.take("other") == FIRST
    assert allocations.take("first") == FIRST + 1


def test_concurrent_allocations_are_different(tmp_path: Path) -> None:
    def allocate(number: int) -> str:
        return AddressRegistry(Site(tmp_path), "us-west-2").of(f"engine-{number}")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(allocate, range(40)))) == 40
