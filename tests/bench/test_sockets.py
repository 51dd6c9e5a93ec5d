"""The load on Bio-Sync: with a wrong load, correct measurements would be worthless."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from bench.sockets.load.client import decode_frames, encode_text
from bench.sockets.load.population import FRAME_SECONDS, Population, stressed
from bench.sockets.measurement import reconnects
from contracts.records import StoredFrame
from contracts.stream import MAX_SAMPLES_A_FRAME
from dataflows.biosync.tools.offline import compute_frames
from services.ingest.websocket.framing import TEXT, FrameDecoder

START = 1_700_000_000_000
RUNS = [Population(150, 60), Population(150, 300)]


@pytest.mark.parametrize("population", RUNS, ids=["a minute", "five minutes"])
def test_users_send_ten_beats_every_eight_seconds_and_stressed_ones_raise_one_event(
    population: Population,
) -> None:
    users: set[int] = set()
    sent = 0
    for group in range(population.groups):
        for numbers, series in population.series(group):
            users.update(numbers)
            frames = series.frames(START)
            sent += len(frames) * len(numbers)
            assert [timed.frame.seq for timed in frames] == list(range(1, len(frames) + 1))
            beats = [sample for timed in frames for sample in timed.frame.samples]
            assert all(a.t < b.t for a, b in pairwise(beats))
            for timed in frames:
                length, history = (
                    len(timed.frame.samples),
                    series.stressed and population.history and timed.frame.seq == 1,
                )
                assert length <= MAX_SAMPLES_A_FRAME if history else length == 10
                assert 0 <= timed.due <= population.seconds
                assert timed.frame.samples[-1].t <= START + timed.due * 1000 + 1
            stored = [
                StoredFrame("", "w", f.seq, START + round(due * 1000), "", [s.t for s in f.samples], rr)
                for due, f in ((timed.due, timed.frame) for timed in frames)
                for rr in ([s.rr for s in f.samples],)
            ]
            _, events = compute_frames(stored)[""]
            assert len(events) == (1 if stressed(numbers[0]) else 0)
            if events:
                assert [numbers] == [[number] for number in numbers]
                assert START < events[0].raised < START + population.seconds * 1000
    assert users == set(range(population.users))
    assert sent == pytest.approx(population.users * population.seconds / FRAME_SECONDS, rel=0.03)


@given(st.binary(max_size=70_000))
def test_a_masked_message_is_decoded_by_the_server(payload: bytes) -> None:
    if len(payload) < 65_536:
        assert FrameDecoder(1 << 20).feed(encode_text(payload)) == [(TEXT, payload)]


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(0, 2000))
def test_server_frames_decode_however_the_bytes_are_split(payloads: list[bytes], cut: int) -> None:
    wire = b"".join(Frame(Opcode.TEXT, payload).serialize(mask=False) for payload in payloads)
    first, rest = decode_frames(wire[:cut])
    second, left = decode_frames(rest + wire[cut:])
    assert [payload for _, payload in first + second] == payloads
    assert left == b""


def test_recovery_counts_reconnects_and_the_latency_of_others() -> None:
    opened = np.array([1.0, 11.0, 12.0, 14.0, 30.0])
    ack_at = np.array([5.0, 10.5, 13.0, 13.5, 15.0])
    ack_ms = np.array([900, 40, 60, 800, 900], np.float32)
    others = np.array([True, True, True, False, True])
    found = reconnects.recovery(10.0, 20.0, opened, ack_at, ack_ms, others)
    assert (found.sockets, found.seconds, found.half_seconds) == (3, 4.0, 2.0)
    assert found.others_ack_p99_ms == pytest.approx(59.8)
