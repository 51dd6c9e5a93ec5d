"""Two regions, real processes, and S3's conditional writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.lease import Found, Lease, Write, expires_at, fenced, handed_over
from contracts.platform import RegionRole
from contracts.region_state import RegionState
from services.region.witness import Witness
from tests.fixtures.cloud import KEY, Cloud
from tests.fixtures.engines import ScratchEnvironment
from tests.region.harness import EAST, TERM_SECONDS, WEST, WITNESS, RegionService, Watch, eventually
from tests.region.relay import Relay

pytestmark = pytest.mark.pair
ACTIVE, PASSIVE = RegionRole.ACTIVE, RegionRole.PASSIVE
Start = Callable[..., RegionService]


@pytest.fixture
def bucket(cloud: Cloud, request: pytest.FixtureRequest) -> str:
    name = "test-witness-" + str(abs(hash(request.node.name)))[:12]
    cloud.client("s3", WITNESS).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": WITNESS})
    versions: Any = {"Status": "Enabled"}
    cloud.client("s3", WITNESS).put_bucket_versioning(Bucket=name, VersioningConfiguration=versions)
    return name


@pytest.fixture
def witness(cloud: Cloud, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Witness:
    """As a runbook has it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    return Witness(bucket, WITNESS, cloud.site.endpoint_url)


@pytest.fixture
def service(cloud: Cloud, bucket: str, scratch: ScratchEnvironment, tmp_path: Path) -> Iterator[Start]:
    """`service(region, role)` is a region service that is not started yet."""
    made: list[RegionService] = []

    def make(region: str, role: RegionRole, endpoint: str = "") -> RegionService:
        host = scratch.addresses[4 + len(made)]
        made.append(RegionService(region, role, bucket, host, endpoint or cloud.site.endpoint_url, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def lease_of(witness: Witness) -> tuple[Lease, str]:
    found = witness.look()
    assert isinstance(found, Found)
    return found.lease, found.etag


def test_of_two_regions_that_are_both_configured_active_one_serves(service: Start) -> None:
    west, east = service(WEST, ACTIVE), service(EAST, ACTIVE)
    with Watch(west, east) as watch:
        west.start()
        east.start()
        eventually(lambda: west.serves() or east.serves(), "no region serves")
        eventually(lambda: watch.rounds > 20, "the watch does not watch")
    assert watch.both == 0
    other = east if west.serves() else west
    found = other.report()
    assert (found.state, found.epoch, found.remaining_s) == (RegionState.FENCED, 1, 0.0)
    assert "has the lease, epoch 1; this region's role is active: exchange the roles" in found.reason


def test_a_lost_holder_is_followed_by_who_is_given_the_lease_and_returns_fenced(
    service: Start, witness: Witness
) -> None:
    west, east = service(WEST, ACTIVE), service(EAST, PASSIVE)
    with Watch(west, east) as watch:
        east.start()
        assert east.report().state is not RegionState.ACTIVE
        west.start()
        eventually(west.serves, "the active region does not serve")
        eventually(lambda: east.report().state is RegionState.PASSIVE, "the passive region does not stand by")
        west.kill()
        lease, etag = lease_of(witness)
        time.sleep(TERM_SECONDS)  # its end, not a wait for something
        assert not east.serves()
        assert witness.write(Write(handed_over(lease, EAST, "failover-1", expires_at(lease)), etag))
        eventually(east.serves, "who was given the lease does not serve")
        west.start()
        eventually(lambda: EAST in west.report().reason, "the returned region does not see who has the lease")
        assert west.report().state is RegionState.FENCED
        assert east.report().epoch == 2
    assert watch.both == 0


def test_without_its_witness_a_region_serves_to_the_end_of_its_term(cloud: Cloud, service: Start) -> None:
    line = Relay(cloud.site.endpoint_url)
    west = service(WEST, ACTIVE, line.url)
    west.start()
    eventually(west.serves, "the active region does not serve")
    with line.cut():
        eventually(lambda: not west.serves(), "a region without its witness goes on")
        found = west.report()
        assert found.state is RegionState.FENCED
        assert "the witness does not answer" in found.reason
    eventually(west.serves, "the region does not take up its lease again")


def test_a_fenced_region_stops_and_goes_on_when_the_lease_is_handed_back(service: Start, witness: Witness) -> None:
    west = service(WEST, ACTIVE)
    west.start()
    eventually(west.serves, "the active region does not serve")

    def fence() -> bool:
        lease, etag = lease_of(witness)
        return witness.write(Write(fenced(lease, "switchover-7"), etag))

    eventually(fence, "the lease is renewed too often to be fenced")
    eventually(lambda: west.report().fenced_by == "switchover-7", "the region does not see that it is fenced")
    assert not west.serves()
    lease, etag = lease_of(witness)
    assert witness.write(Write(handed_over(lease, WEST, "switchover-7", time.time()), etag))
    eventually(west.serves, "the region does not go on")
    assert west.report().epoch == 2


def test_a_region_outlives_one_of_its_processes(service: Start, witness: Witness) -> None:
    one, other = service(WEST, ACTIVE), service(WEST, PASSIVE)  # the role counts no more once there is a lease
    one.start()
    eventually(one.serves, "the active region does not serve")
    other.start()
    eventually(other.serves, "the region's second process does not serve")
    one.kill()
    last = lease_of(witness)[0].renewed_at
    eventually(lambda: lease_of(witness)[0].renewed_at > last + TERM_SECONDS, "nobody renews the lease any more")
    eventually(other.serves, "the region does not go on")
    assert other.report().epoch == 1


def test_a_deleted_lease_is_taken_by_nobody(cloud: Cloud, service: Start, bucket: str) -> None:
    west = service(WEST, ACTIVE)
    west.start()
    eventually(west.serves, "the active region does not serve")
    cloud.client("s3", WITNESS).delete_object(Bucket=bucket, Key="lease/active.json")
    eventually(lambda: "was deleted" in west.report().reason, "the region does not see that its lease is gone")
    assert not west.serves()
