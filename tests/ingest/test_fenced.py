"""Sockets of a region that may not serve."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from contracts.region_state import RegionState
from tests.ingest.conftest import Starter
from tests.ingest.harness import acks, frame, receive, wait_until
from tests.region.state_server import serve_state

pytestmark = pytest.mark.integration


async def test_sockets_close_with_try_again_later_and_no_new_one_opens(start: Starter) -> None:
    with serve_state() as state:
        stream = start(WITNESS_BUCKET="aura-witness", REGION_URL=state.url)
        with pytest.raises(InvalidStatus) as refused:
            async with stream.connect("fenced"):
                pass
        assert refused.value.response.status_code == 503
        assert "Retry-After" in refused.value.response.headers
        state.say(RegionState.ACTIVE, 1000.0)
        await wait_until("the region serves", lambda: stream.service.metric("aura_region_gate_open") == 1)
        async with stream.connect("fenced") as socket:
            await socket.send(frame(1))
            assert await acks(socket, 1) == [1]
            state.say(RegionState.FENCED)
            with pytest.raises(ConnectionClosed) as closed:
                await receive(socket)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
