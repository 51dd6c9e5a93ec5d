"""The address plan of a VPC."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.components.subnets import plan


@given(prefix=st.integers(16, 20), count=st.integers(1, 4))
def test_subnets_lie_in_the_vpc_and_never_overlap(prefix: int, count: int) -> None:
    vpc = ipaddress.IPv4Network(f"10.64.0.0/{prefix}")
    zones = plan(str(vpc), tuple("abcd"[:count]))
    blocks = [ipaddress.IPv4Network(block) for z in zones for block in (z.private, z.public, z.data)]
    assert len(blocks) == 3 * count
    assert all(block.subnet_of(vpc) for block in blocks)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(blocks, 2))


@given(prefix=st.integers(16, 20), count=st.integers(1, 3))
def test_an_appended_zone_changes_no_other(prefix: int, count: int) -> None:
    vpc, zones = f"10.64.0.0/{prefix}", tuple("abcd")
    assert plan(vpc, zones[: count + 1])[:count] == plan(vpc, zones[:count])


def test_a_vpc_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        plan("10.0.0.0/21", ("a",))
