from __future__ import annotations

import msgspec
import pytest

from contracts.lease import (
    CLOCK_TOLERANCE_SECONDS,
    SKEW_SECONDS,
    Found,
    Lease,
    LeaseHeld,
    Missing,
    Refused,
    Write,
    clock_error,
    decode,
    encode,
    expired,
    fenced,
    handed_over,
    next_write,
)
from contracts.platform import RegionRole

ACTIVE, PASSIVE = RegionRole.ACTIVE, RegionRole.PASSIVE
WEST, EAST = "us-west-2", "us-east-1"
HELD = Lease(WEST, "region-a", 3, 1000.0, 30.0)


def test_the_first_lease_is_taken_by_the_active_region_alone() -> None:
    assert next_write(WEST, ACTIVE, Missing(), "region-a", 1000.0) == Write(
        Lease(WEST, "region-a", 1, 1000.0, 30.0), None
    )
    refused = next_write(EAST, PASSIVE, Missing(), "region-b", 1000.0)
    assert isinstance(refused, Refused) and not refused.fenced


def test_a_deleted_lease_is_nobodys() -> None:
    for role in RegionRole:
        refused = next_write(WEST, role, Missing(deleted=True), "region-a", 1000.0)
        assert isinstance(refused, Refused) and refused.fenced and "restore" in refused.reason


@pytest.mark.parametrize("role", RegionRole)
@pytest.mark.parametrize("later", [10, 3600], ids=["unexpired", "expired"])
def test_a_region_renews_its_own_lease_whatever_its_role_is(role: RegionRole, later: int) -> None:
    renewed = Lease(WEST, "region-b", 3, 1000.0 + later, 30.0)
    assert next_write(WEST, role, Found(HELD, "etag"), "region-b", 1000.0 + later) == Write(renewed, "etag")


@pytest.mark.parametrize("later", [10, 3600], ids=["unexpired", "expired"])
def test_a_region_never_takes_anothers_lease_by_itself(later: int) -> None:
    returned = next_write(EAST, ACTIVE, Found(HELD, "etag"), "region-b", 1000.0 + later)
    assert isinstance(returned, Refused) and returned.fenced and "us-west-2 has the lease" in returned.reason
    stands_by = next_write(EAST, PASSIVE, Found(HELD, "etag"), "region-b", 1000.0 + later)
    assert isinstance(stands_by, Refused) and not stands_by.fenced


def test_a_fenced_region_does_not_renew() -> None:
    refused = next_write(WEST, ACTIVE, Found(fenced(HELD, "switchover-7"), "etag"), "region-a", 1001.0)
    assert refused == Refused(True, "fenced by switchover-7; it hands the lease over, or back")


def test_a_fence_leaves_the_time_until_which_the_region_may_still_write() -> None:
    assert fenced(HELD, "switchover-7").renewed_at == HELD.renewed_at


def test_a_lease_is_handed_over_once_it_has_expired() -> None:
    expiry = HELD.renewed_at + HELD.term_s + SKEW_SECONDS
    with pytest.raises(LeaseHeld, match="us-west-2 may write for another 5 s"):
        handed_over(HELD, EAST, "failover-1", expiry - 5)
    assert not expired(HELD, expiry - 0.001)
    assert handed_over(HELD, EAST, "failover-1", expiry) == Lease(EAST, "failover-1", 4, expiry, 30.0)


def test_a_fenced_lease_is_handed_over_at_once_if_its_writers_were_seen_to_have_stopped() -> None:
    for lease, proven in ((HELD, True), (fenced(HELD, "switchover-7"), False)):
        with pytest.raises(LeaseHeld):
            handed_over(lease, EAST, "switchover-7", 1001.0, fence_proven=proven)
    taken = handed_over(fenced(HELD, "switchover-7"), EAST, "switchover-7", 1001.0, fence_proven=True)
    assert taken == Lease(EAST, "switchover-7", 4, 1001.0, 30.0)


def test_a_fenced_lease_is_handed_back_at_once() -> None:
    back = handed_over(fenced(HELD, "switchover-7"), WEST, "switchover-7", 1001.0)
    assert back == Lease(WEST, "switchover-7", 4, 1001.0, 30.0)


@pytest.mark.parametrize(
    ("sent", "witness", "received", "error"),
    [
        (100.9, 100, 101.0, ""),  # Date has whole seconds
        (100.0, 100, 107.0, ""),  # a slow answer
        (103.5, 100, 103.6, "2.5 s ahead"),
        (90.0, 100, 97.0, "3.0 s behind"),
    ],
)
def test_a_clock_is_compared_with_the_witness(sent: float, witness: float, received: float, error: str) -> None:
    found = clock_error(sent, witness, received)
    assert error in found and bool(found) == bool(error)


def test_two_clocks_that_pass_are_within_the_skew_that_expiry_allows_for() -> None:
    ahead, behind = 101 + CLOCK_TOLERANCE_SECONDS, 100 - CLOCK_TOLERANCE_SECONDS
    assert clock_error(ahead, 100, ahead) == clock_error(behind, 100, behind) == ""
    assert ahead - behind <= SKEW_SECONDS


def test_a_lease_as_bytes() -> None:
    assert decode(encode(fenced(HELD, "switchover-7"))) == fenced(HELD, "switchover-7")
    for damaged in (b"", b"{}", encode(HELD)[:-1], encode(HELD).replace(b'"epoch":3', b'"epoch":0'), b"\xff"):
        with pytest.raises(msgspec.DecodeError):
            decode(damaged)
