"""The dataflow as a process on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import random
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from contracts.records import DeadLetter, StoredFrame, StressEvent, pack, partition_of
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.rules import THRESHOLDS, Rules, StressRules
from dataflows.biosync.tools import stored
from dataflows.biosync.tools.offline import compute_frames
from local.engines.kafka import Kafka
from tests.dataflows.beats import frames, series
from tests.dataflows.harness import PARTITIONS, Harness, until
from tests.fixtures.engines import Database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
RULES = Rules(stress=StressRules(hrv_drop="ignore", threshold=THRESHOLDS["ignore"]))
_names = iter(f"flow{i}" for i in range(1000))


@pytest.fixture
def stage(kafka: Kafka, postgres: Database, tmp_path: Path) -> Iterator[Harness]:
    name = next(_names)
    made = Harness(name, kafka.bootstrap, postgres.create(name), tmp_path)
    yield made
    made.close()


def population(users: int, minutes: float = 14) -> list[StoredFrame]:
    """Frames of several people, in order of arrival, up to now; every other one is stressed from minute 8 on."""
    start = (int(time.time() * 1000) - int(minutes * 60_000)) // 10_000 * 10_000
    everyone: list[StoredFrame] = []
    for i in range(users):
        beats = series(i, minutes, [(8, 11)] if i % 2 else [], start)
        everyone += frames(f"user-{i}", beats)
    return sorted(everyone, key=lambda frame: frame.received)


def expected(sent: list[StoredFrame]) -> tuple[dict[tuple[str, int], Window], dict[str, StressEvent]]:
    results = compute_frames(sent, RULES)
    rows = {(user, row.at): row for user, (windows, _) in results.items() for row in windows}
    events = {event.event_id: event for _, raised in results.values() for event in raised}
    return rows, events


def assert_holds(stage: Harness, sent: list[StoredFrame]) -> None:
    """The store holds exactly what the same frames give offline, and each event was answered."""
    rows, events = expected(sent)
    assert events, "these beats raise no event: the test would prove nothing"
    until(lambda: len(stage.rows()) >= len(rows), 60, f"{len(rows)} rows stored")
    until(lambda: len(stage.events()) >= len(events), 20, f"{len(events)} events stored")
    until(lambda: all(event[3] for event in stage.events().values()), 20, "every event answered")
    found = stage.rows()
    assert found.keys() == rows.keys()
    for key, window in rows.items():
        assert found[key] == stored.row(window), key
    assert {i: (e.user, e.raised) for i, e in events.items()} == {i: e[:2] for i, e in stage.events().items()}
    assert stage.receiver.events == events
    assert not stage.receiver.refused


def test_the_store_holds_what_the_same_beats_give_offline_and_each_event_is_answered_once(stage: Harness) -> None:
    stage.start()
    sent = population(8)
    stage.send(sent)
    assert_holds(stage, sent)
    assert set(stage.receiver.requests.values()) == {1}
    announced = [msgspec.json.decode(value, type=StressEvent) for value in stage.messages(stage.announced)]
    assert {event.event_id: event for event in announced} == expected(sent)[1]


def test_what_cannot_be_processed_becomes_a_dead_letter_and_stops_nothing(stage: Harness) -> None:
    sent = population(4)
    half = len(sent) // 2
    crooked = StoredFrame("user-0", "other", 1, sent[half].received, "", [1, 2], [800.0])
    stage.start()
    stage.send(sent[:half])
    for partition in range(PARTITIONS):
        stage.send_raw(partition, b"\xc1 not a record")
    stage.send_raw(partition_of("user-0", PARTITIONS), pack([crooked]))
    stage.send(sent[half:])
    assert_holds(stage, sent)
    until(lambda: len(stage.messages(stage.dead)) == PARTITIONS + 1, 20, "dead letters")
    dead = [msgspec.msgpack.decode(value, type=DeadLetter) for value in stage.messages(stage.dead)]
    assert {letter.topic for letter in dead} == {stage.raw}
    assert sorted({letter.value for letter in dead}) == sorted({b"\xc1 not a record", pack([crooked])})
    assert all(letter.reason for letter in dead)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_ended_in_the_middle_and_started_again_writes_the_same(stage: Harness, how: signal.Signals) -> None:
    sent = population(12)
    parts = 5
    stage.start()
    for i in range(parts):
        stage.send(sent[len(sent) * i // parts : len(sent) * (i + 1) // parts])
        some = len(expected(sent[: len(sent) * i // parts])[0])
        until(lambda some=some: len(stage.rows()) > some, 60, "some rows of this part")
        code = stage.end(how)
        assert code == (-9 if how == signal.SIGKILL else 0)
        stage.start()
    assert_holds(stage, sent)


def test_doubled_and_exchanged_frames_change_nothing(stage: Harness) -> None:
    sent = population(6)
    mixed = disturbed(sent, seed=5)
    assert len(mixed) > 1.2 * len(sent)
    stage.start()
    stage.send(mixed)
    assert_holds(stage, mixed)
    (rows, events), (plain_rows, plain_events) = expected(mixed), expected(sent)
    assert rows == plain_rows
    assert events.keys() == plain_events.keys()


def test_a_topic_read_from_the_start_again_gives_the_same_and_pushes_nothing_again(stage: Harness) -> None:
    sent = population(6)
    stage.start()
    stage.send(sent)
    assert_holds(stage, sent)
    answered = stage.query("select event_id, attempts, responded_at from stress_events order by 1")
    assert stage.end(signal.SIGTERM) == 0
    shutil.rmtree(stage.state)
    stage.query("update hrv_1m set hr = 0 returning 1")
    stage.start()
    until(lambda: status(stage, "/readyz") == 200, 60, "the dataflow ready")
    again = f"biosync_frames_total {len(sent)}.0"
    until(lambda: again in metrics(stage), 60, "every frame read again")
    assert stage.end(signal.SIGTERM) == 0
    assert_holds(stage, sent)
    assert stage.query("select event_id, attempts, responded_at from stress_events order by 1") == answered
    assert set(stage.receiver.requests.values()) == {1}
    announced = [msgspec.json.decode(value, type=StressEvent).event_id for value in stage.messages(stage.announced)]
    assert Counter(announced) == dict.fromkeys(expected(sent)[1], 2)


def disturbed(sent: list[StoredFrame], seed: int) -> list[StoredFrame]:
    """The frames, a few neighbours at a time in any order and arriving together, some of them twice."""
    random_ = random.Random(seed)
    people = len({frame.user for frame in sent})
    mixed = sent[:people]  # the first of each tells where the numbers begin
    at = people
    while at < len(sent):
        group = sent[at : at + random_.randint(1, 2 * people)]
        at += len(group)
        arrived = group[-1].received
        random_.shuffle(group)
        mixed += [msgspec.structs.replace(frame, received=arrived) for frame in group]
        mixed += random_.sample(mixed[-100:], min(len(mixed), random_.randint(0, people)))
    return mixed


def test_an_unwilling_receiver_is_asked_again_until_it_takes_the_event(stage: Harness) -> None:
    stage.receiver.down = True
    stage.start()
    sent = population(2)
    stage.send(sent)
    events = expected(sent)[1]
    until(lambda: len(stage.events()) == len(events), 60, "events stored")
    stage.end(signal.SIGKILL)
    assert not stage.receiver.requests
    stage.receiver.down = False
    stage.start()
    assert_holds(stage, sent)


@pytest.mark.parametrize("engine", ["postgres", "kafka"])
def test_while_an_engine_is_away_nothing_is_lost_or_doubled(
    stage: Harness, kafka: Kafka, postgres: Database, engine: str
) -> None:
    server = kafka if engine == "kafka" else postgres.server
    sent = population(8)
    third = len(sent) // 3
    stage.start()
    stage.send(sent[:third])
    until(lambda: len(stage.rows()) > 0, 60, "first rows")
    if engine == "postgres":
        stage.send(sent[third : 2 * third])
    server.stop()
    try:
        until(lambda: not server.ready(), 20, "the engine away")
        if engine == "postgres":
            until(lambda: status(stage, "/readyz") == 503, 20, "the dataflow unready")
            assert status(stage, "/healthz") == 200
            stage.send(sent[2 * third :])
        assert stage.process is not None and stage.process.poll() is None
    finally:
        server.ensure()
    if engine == "kafka":
        stage.send(sent[third:])
    assert_holds(stage, sent)
    assert status(stage, "/readyz") == 200


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_ended_while_the_store_is_away_it_loses_nothing(
    stage: Harness, postgres: Database, how: signal.Signals
) -> None:
    sent = population(6)
    stage.start()
    stage.send(sent[: len(sent) // 2])
    until(lambda: len(stage.rows()) > 0, 60, "first rows")
    postgres.server.stop()
    try:
        stage.send(sent[len(sent) // 2 :])
        frames_read = f"biosync_frames_total {len(sent)}.0"
        until(lambda: frames_read in metrics(stage), 30, "all frames read")
        for _ in range(3):
            before = recovery_written(stage)
            until(lambda before=before: recovery_written(stage) > before, 30, "the end of an epoch")
        assert stage.end(how) == (-9 if how == signal.SIGKILL else 0)
    finally:
        postgres.server.ensure()
    stage.start()
    assert_holds(stage, sent)


def test_metrics_tell_of_the_lag_and_of_what_was_done(stage: Harness) -> None:
    sent = population(4)
    stage.start()
    stage.send(sent)
    assert_holds(stage, sent)
    beats = sum(len(frame.t) for frame in sent)
    assert f"biosync_beats_total {beats}.0" in metrics(stage)
    for partition in range(PARTITIONS):
        wanted = f'biosync_consumer_lag_records{{partition="{partition}"}} 0.0'
        until(lambda wanted=wanted: wanted in metrics(stage), 20, wanted)
        assert f'biosync_consumer_lag_seconds{{partition="{partition}"}} 0.0' in metrics(stage)
    assert re.search(r"^biosync_cpu_seconds_total [0-9.]*[1-9]", metrics(stage), re.MULTILINE)


def status(stage: Harness, path: str) -> int:
    try:
        return httpx.get(f"http://{stage.host}:{stage.port}{path}", timeout=5, trust_env=False).status_code
    except httpx.ConnectError:
        return 0


def recovery_written(stage: Harness) -> int:
    """When the recovery store was written last, which it is at the end of each epoch; any clock's ns."""
    return max(path.stat().st_mtime_ns for path in (stage.state / "recovery").iterdir())


def metrics(stage: Harness) -> str:
    return httpx.get(f"http://{stage.host}:{stage.port}/metrics", timeout=5, trust_env=False).text
