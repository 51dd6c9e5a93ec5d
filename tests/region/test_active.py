"""What `/active` answers, by what the region's process knows of the lease."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from contracts.lease import Found, Lease, Missing, Write, fenced
from contracts.platform import RegionRole
from contracts.region_state import RegionState
from services.kit.witness import WitnessUnavailable
from services.region import endpoints
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


def ask(region: str, role: RegionRole, seen: Found | Missing | None) -> Any:
    """The answer of a process that has looked at the lease once."""
    keeper = Keeper(Seen(seen), region, role, "region-a", 30.0)
    asyncio.run(keeper.step())
    return TestClient(endpoints.create(keeper.report, keeper)).get("/active")


def test_the_region_of_the_lease_answers_that_it_serves() -> None:
    answer = ask(WEST, RegionRole.ACTIVE, Found(LEASE, "etag"))
    assert (answer.status_code, answer.json()) == (200, {"region": WEST, "state": "active"})


@pytest.mark.parametrize(
    ("region", "role", "seen", "state", "why"),
    [
        (EAST, RegionRole.PASSIVE, Found(LEASE, "etag"), RegionState.PASSIVE, "this region stands by"),
        (EAST, RegionRole.PASSIVE, Missing(), RegionState.PASSIVE, "this region stands by"),
        (WEST, RegionRole.ACTIVE, Found(fenced(LEASE, "run-7"), "etag"), RegionState.FENCED, "may not serve now"),
        (WEST, RegionRole.ACTIVE, None, RegionState.FENCED, "may not serve now"),
    ],
)
def test_a_region_that_stands_by_or_is_fenced_answers_503_and_tells_no_names(
    region: str, role: RegionRole, seen: Found | Missing | None, state: RegionState, why: str
) -> None:
    answer = ask(region, role, seen)
    assert answer.status_code == 503
    assert (answer.json()["region"], answer.json()["state"]) == (region, state)
    assert why in answer.json()["error"]
    assert not any(name in answer.json()["error"] for name in ("run-7", "witness", WEST))
    assert int(answer.headers["Retry-After"]) > 0
