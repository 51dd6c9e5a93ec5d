"""Sockets of a region that may not serve."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from contracts.region_state import RegionState
from tests.ingest.conftest import Starter
from tests.ingest.harness import Stream, acks, frame, receive, wait_until
from tests.region.state_server import StateServer, serve_state

pytestmark = pytest.mark.integration


@pytest.fixture
def state() -> Iterator[StateServer]:
    with serve_state() as server:
        yield server


@pytest.fixture
def gated(start: Starter, state: StateServer) -> Stream:
    return start(WITNESS_BUCKET="aura-witness", REGION_URL=state.url)


async def test_sockets_close_with_try_again_later_and_no_new_one_opens(gated: Stream, state: StateServer) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with gated.connect("fenced"):
            pass
    assert refused.value.response.status_code == 503
    assert "Retry-After" in refused.value.response.headers
    state.say(RegionState.ACTIVE, 1000.0)
    await wait_until("the region serves", lambda: gated.service.metric("aura_region_gate_open") == 1)
    async with gated.connect("fenced") as socket:
        await socket.send(frame(1))
        assert await acks(socket, 1) == [1]
        state.say(RegionState.FENCED)
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
