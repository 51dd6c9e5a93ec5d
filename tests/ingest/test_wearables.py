"""The simulated wearables understand what ingest tells them."""

from __future__ import annotations

import pytest

from local.wearables.beats import Beat
from local.wearables.fleet import SimulatedUser, stream
from local.wearables.report import Report
from local.wearables.wearable import StreamEndpoint
from tests.ingest.harness import Stream

pytestmark = pytest.mark.integration
CALM = [(n * 800, 800.0) for n in range(200)]


async def streamed(to: Stream, beats: list[Beat], speed: float, lifetime: float = 900) -> Report:
    endpoint = StreamEndpoint(to.url, to.service.address, to.service.port, None)

    async def stored(report: Report, sent: dict[str, list[Beat]]) -> None:
        pass

    return await stream(
        [SimulatedUser("sim", beats)],
        lambda: endpoint,
        lambda user: to.identity.token(user, lifetime),
        speed,
        stored,
        lambda _: None,
    )


async def test_they_connect_again_with_a_fresh_token_when_theirs_has_ended(stream: Stream) -> None:
    report = await streamed(stream, CALM, speed=16, lifetime=3)  # ten seconds of streaming
    assert report.acked == report.frames == 20
    assert report.reconnects >= 2
    assert 'code="4401"' in (stream.service.get("/metrics") or "")
    assert {frame.seq for frame in await stream.stored("sim")} == set(range(1, 21))


async def test_they_report_beats_that_were_dropped_and_frames_that_were_refused(stream: Stream) -> None:
    in_seconds = [(t, rr / 1000) for t, rr in CALM[20:30]]
    report = await streamed(stream, [*CALM[:19], (CALM[19][0], 6000.0), *in_seconds, *CALM[30:]], speed=100)
    assert (report.frames, report.acked, report.refused) == (20, 19, 1)
    assert report.dropped == {"rr_out_of_range": 1}
    ((why, frames),) = report.refusals.items()
    assert frames == 1
    assert "looks like seconds; expected rr in milliseconds" in why
