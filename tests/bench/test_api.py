"""The load on services: what is measured must have been asked, at the right moment, and answered rightly."""

from __future__ import annotations

import asyncio
import json
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from bench.api import peer, table
from bench.api.load.calls import Http, Refreshing, Repeated, WrongAnswer, get
from bench.api.load.generator import Closed, Open, generator
from bench.api.load.schedule import Load, Recording
from bench.api.measurement import Row, Slice, latency
from bench.api.peer import Peer, PeerSettings
from tests.history.harness import ServerThread


@dataclass
class Slow:
    """A caller that takes `seconds`, and is wrong at its calls in `wrong`."""

    seconds: float
    wrong: set[int] = field(default_factory=set)
    calls: int = 0
    open: int = 0

    async def call(self) -> None:
        assert not self.open, "a caller makes one call at a time"
        self.calls, self.open = self.calls + 1, 1
        await asyncio.sleep(self.seconds)
        self.open = 0
        if self.calls in self.wrong:
            raise WrongAnswer("500 no")

    async def close(self) -> None: ...


async def test_a_closed_loop_keeps_its_number_of_calls_open_and_callers_take_turns() -> None:
    callers = [Slow(0.002) for _ in range(12)]
    recording = await Load(callers).closed(3, 0.2)
    calls = [caller.calls for caller in callers]
    assert sum(calls) == len(recording.latency_ms)
    assert max(calls) - min(calls) <= 1
    assert max(recording.latency_ms) >= 2
    assert sum(recording.latency_ms) / 1000 <= 3 * recording.seconds


async def test_an_open_loop_makes_every_call_and_waiting_for_a_free_caller_is_latency() -> None:
    recording = await Load([Slow(0.05)]).open(100, 0.1)
    assert len(recording.latency_ms) == len(recording.behind_ms) == 10
    assert recording.latency_ms[-1] >= 400 - max(recording.behind_ms)
    assert recording.seconds >= 0.5


async def test_what_the_generator_is_late_is_told_apart_from_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 0.0, 0.0, 0.125, 0.375, 0.375, 0.375, 0.5])
    monkeypatch.setattr("bench.api.load.schedule.perf_counter", lambda: next(clock, 0.5))
    recording = await Load([Slow(0)]).open(8, 0.25)
    assert list(recording.behind_ms) == [0.0, 250.0]


async def test_wrong_answers_are_counted_and_are_no_latencies() -> None:
    recording = await Load([Slow(0, wrong={2, 3})]).open(100, 0.05)
    assert recording.wrong == {"500 no": 2}
    assert len(recording.latency_ms) == 3


def test_a_refresh_sends_the_token_that_the_answer_before_gave_and_refuses_a_repeated_one() -> None:
    script = Refreshing("/v1/auth/token", "host", "first")
    assert script.request().endswith(b"refresh_token=first")
    script.answered(200, json.dumps({"access_token": "a", "refresh_token": "second"}).encode())
    assert script.request().endswith(b"refresh_token=second")
    for status, body in (
        (200, b'{"access_token": "a", "refresh_token": "second"}'),
        (200, b"{}"),
        (400, b'{"error": "invalid_grant"}'),
    ):
        with pytest.raises(WrongAnswer, match=str(status)):
            script.answered(status, body)
    assert script.refresh_token == "second"


def test_an_answer_without_what_is_expected_is_wrong_whatever_its_status() -> None:
    script = Repeated([b""], b'"name"')
    script.answered(200, b'{"name": 1}')
    with pytest.raises(WrongAnswer, match=r"200 \{\}"):
        script.answered(200, b"{}")
    problems = [json.dumps({"detail": "away", "trace_id": trace}).encode() for trace in "ab"]
    for problem in problems:
        with pytest.raises(WrongAnswer, match=r"^503 away$"):
            script.answered(503, problem)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Of the peer with the kit."""
    settings = PeerSettings(peer=Peer.KIT, port=0)
    with ServerThread(peer.create(settings), settings) as url:
        host, _, port = url.rpartition("://")[2].partition(":")
        yield host, int(port)


def test_a_generator_asks_a_real_server_over_kept_connections(address: tuple[str, int]) -> None:
    scripts = [Repeated([get(peer.PATH, "host")], b'"something"') for _ in range(4)]
    with generator(Http(address, "host", scripts)) as load:
        closed = load.load(Closed(2, 0.2))
        opened = load.load(Open(50, 0.2))
    assert closed.latency_ms and not closed.wrong
    assert (len(opened.latency_ms), opened.wrong) == (10, {})


def test_a_generator_tells_what_a_server_refuses(address: tuple[str, int]) -> None:
    with generator(Http(address, "host", [Repeated([get("/nowhere", "host")], b"")])) as load:
        recording = load.load(Open(50, 0.1))
    assert recording.wrong == {"404 Not Found": 5}
    row = Row("thing", "a thing", "direct", answers=5, wrong=recording.wrong)
    assert table.line(row).endswith("ERROR: 5 of 5 answers are wrong: 5 x 404 Not Found")


def test_figures_of_an_open_loop_say_which_rate_was_held() -> None:
    recording = Recording(array("f", range(1, 101)), array("f", [0.5] * 100), Counter(), 2.0)
    found = latency(100, recording, (1.0, 0.5))
    assert (found.rate, found.answered, found.p50_ms) == (100, 50, 50.5)
    assert found.p99_ms == pytest.approx(np.percentile(range(1, 101), 99), abs=0.01)
    assert (found.service_waited, found.generator_waited) == (0.5, 0.25)


def test_the_kits_share_is_of_the_bare_routes_requests_a_cpu_second() -> None:
    held = latency(1, Recording(array("f", [1]), array("f", [0]), Counter(), 1.0))
    rows = [
        Row(name, name, "direct", Slice(requests, 1.0, 0.5, 0.0, 0.1), held)
        for name, requests in ((Peer.BARE, 1000), (Peer.KIT, 700))
    ]
    (goal,) = table.goals(rows, [])
    assert goal.measured == pytest.approx(30)
    assert goal.line().endswith("met")
