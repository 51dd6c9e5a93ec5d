"""Requests while the region may not serve."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from contracts.region_state import RegionState
from services.kit import app as kit
from services.kit import region
from services.kit.region import UNGATED, RegionGate, gate_of_environment
from tests.region.state_server import StateServer, serve_state


@pytest.fixture
def state() -> Iterator[StateServer]:
    with serve_state() as state:
        yield state


def ask(gate: RegionGate) -> None:
    async def once() -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            await gate.ask(client)

    asyncio.run(once())


def service(gate: RegionGate) -> FastAPI:
    made = kit.create("sample", gate=gate)

    @made.get("/items")
    async def items() -> dict[str, str]:
        return {"made": "yes"}

    return made


def test_what_is_of_people_is_refused_until_the_region_is_known_to_be_active(state: StateServer) -> None:
    gate = RegionGate(state.url)
    client = TestClient(service(gate))
    refused = client.get("/items")
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert int(refused.headers["retry-after"]) > 0
    assert "try again" in refused.json()["detail"]
    assert [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200] * 3
    state.say(RegionState.ACTIVE, 1000.0)
    ask(gate)
    assert client.get("/items").json() == {"made": "yes"}


@pytest.mark.parametrize("told", [RegionState.PASSIVE, RegionState.FENCED])
def test_a_region_that_is_not_active_is_refused_at_once(state: StateServer, told: RegionState) -> None:
    gate = RegionGate(state.url)
    state.say(RegionState.ACTIVE, 1000.0)
    ask(gate)
    assert not gate.refusal()
    state.say(told)
    ask(gate)
    assert gate.refusal() == f"region us-west-2 is {told}: as the test says"


def test_an_answer_holds_as_long_as_it_says_and_no_longer(state: StateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, now = RegionGate(state.url), [100.0]
    monkeypatch.setattr(region, "elapsed", lambda: now[0])
    state.say(RegionState.ACTIVE, 25.0)
    ask(gate)
    state.report = None
    now[0] = 124.9
    ask(gate)
    assert not gate.refusal()
    now[0] = 125.0
    assert "does not say more" in gate.refusal()


def test_a_stack_with_a_witness_is_gated_also_where_it_is_not_known_whom_to_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert gate_of_environment() is UNGATED
    monkeypatch.setenv("WITNESS_BUCKET", "aura-witness")
    with TestClient(kit.create("sample")) as client:
        assert client.get("/items").status_code == 503
        assert client.get("/healthz").status_code == 200
