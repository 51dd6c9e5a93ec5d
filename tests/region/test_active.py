"""What `/active` answers to Route 53, by what the region's process knows of the lease."""

from __future__ import annotations

import asyncio
import time

import pytest
from starlette.testclient import TestClient

from contracts.lease import Found, Lease, Missing, Write, fenced
from contracts.platform import RegionRole
from contracts.region_state import RegionState
from services.kit.witness import WitnessUnavailable
from services.region import active
from services.region.keeper import Keeper
from services.region.witness import Witness

WEST, EAST = "us-west-2", "us-east-1"
LEASE = Lease(WEST, "region-a", 3, time.time(), 30.0)


class Seen(Witness):
    """A witness at which there is always the same; every write is confirmed."""

    def __init__(self, seen: Found | Missing | None) -> None:
        self.seen = seen

    def look(self) -> Found | Missing:
        if self.seen is None:
            raise WitnessUnavailable("the witness does not answer")
        return self.seen

    def write(self, write: Write) -> bool:
        return True


def client(region: str, role: RegionRole, seen: Found | Missing | None) -> TestClient:
    """Of a process that has looked at the lease once."""
    keeper = Keeper(Seen(seen), region, role, "region-a", 30.0)
    asyncio.run(keeper.step())
    return TestClient(active.application(keeper.report))


def test_the_region_of_the_lease_answers_that_it_serves() -> None:
    answer = client(WEST, RegionRole.ACTIVE, Found(LEASE, "etag")).get("/active")
    assert (answer.status_code, answer.json()) == (200, {"region": WEST, "state": "active"})


@pytest.mark.parametrize(
    ("region", "role", "seen", "state", "why"),
    [
        (EAST, RegionRole.PASSIVE, Found(LEASE, "etag"), RegionState.PASSIVE, WEST),
        (EAST, RegionRole.PASSIVE, Missing(), RegionState.PASSIVE, "passive"),
        (WEST, RegionRole.ACTIVE, Found(fenced(LEASE, "run-7"), "etag"), RegionState.FENCED, "run-7"),
        (WEST, RegionRole.ACTIVE, None, RegionState.FENCED, "the witness does not answer"),
    ],
)
def test_a_region_that_stands_by_or_is_fenced_answers_503_and_why(
    region: str, role: RegionRole, seen: Found | Missing | None, state: RegionState, why: str
) -> None:
    answer = client(region, role, seen).get("/active")
    assert answer.status_code == 503
    assert (answer.json()["region"], answer.json()["state"]) == (region, state)
    assert why in answer.json()["error"]
    assert int(answer.headers["Retry-After"]) > 0
