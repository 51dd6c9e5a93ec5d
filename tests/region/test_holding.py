from __future__ import annotations

from starlette.testclient import TestClient

from contracts.lease import Found, Lease, Missing, Refused, fenced
from contracts.platform import RegionRole
from contracts.region_state import RegionState
from services.region import endpoints
from services.region.holding import Holding, report, without_lease

WEST, EAST, ACTIVE = "us-west-2", "us-east-1", RegionRole.ACTIVE
LEASE = Lease(WEST, "region-a", 3, 1000.0, 30.0)
HELD = Holding().confirmed(LEASE, 100.0)


def test_a_region_serves_to_the_end_of_the_term_that_was_confirmed() -> None:
    assert report(WEST, ACTIVE, HELD, 129.0).remaining_s == 1.0
    for holding in (HELD, HELD.troubled("no answer"), HELD.looked(Found(LEASE, "etag"), None)):
        assert report(WEST, ACTIVE, holding, 129.9).state is RegionState.ACTIVE
        assert report(WEST, ACTIVE, holding, 130.0).state is RegionState.FENCED


def test_a_renewal_is_due_after_a_third_of_the_term() -> None:
    assert Holding().renewal_due(0.0)
    assert not HELD.renewal_due(109.9)
    assert HELD.renewal_due(110.0)


def test_what_is_refused_ends_at_once() -> None:
    ended = HELD.looked(Found(fenced(LEASE, "run-7"), "etag"), Refused(True, "fenced by run-7"))
    found = report(WEST, ACTIVE, ended, 100.1)
    assert (found.state, found.fenced_by, found.remaining_s) == (RegionState.FENCED, "run-7", 0.0)


def test_a_renewal_counts_for_its_own_epoch_only() -> None:
    given_back = Lease(WEST, "run-7", 5, 1010.0, 30.0)
    assert HELD.looked(Found(given_back, "etag"), None).remaining(101.0) == 0.0
    assert HELD.looked(Missing(), None).remaining(101.0) == 0.0


def test_a_region_stands_by_only_while_that_is_known() -> None:
    stands_by = Holding().looked(Missing(), Refused(False, "the passive one"))
    assert report(EAST, RegionRole.PASSIVE, stands_by, 0.0).state is RegionState.PASSIVE
    assert report(EAST, RegionRole.PASSIVE, Holding(), 0.0).state is RegionState.FENCED


def test_without_a_passive_region_the_region_is_active_and_has_no_lease() -> None:
    client = TestClient(endpoints.create(lambda: without_lease(WEST, ACTIVE)))
    assert client.get("/active").status_code == 200
    said = client.get("/v1/region").json()
    assert (said["state"], said["epoch"], said["remaining_s"]) == ("active", 0, None)
