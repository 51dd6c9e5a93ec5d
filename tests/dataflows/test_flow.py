"""The dataflow as a process on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import random
import re
import shutil
import signal
import string
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from contracts.records import DeadLetter, StoredFrame, StressEvent, pack, partition_of
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.row import row
from dataflows.biosync.signal.rules import THRESHOLDS, Rules, StressRules
from dataflows.biosync.tools.offline import compute_frames
from local.engines.kafka import Kafka
from tests.dataflows.beats import frames, series
from tests.dataflows.harness import PARTITIONS, Harness
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
RULES = Rules(stress=StressRules(hrv_drop="ignore", threshold=THRESHOLDS["ignore"]))
_names = iter(f"flow{i}" for i in range(1000))


@pytest.fixture
def harness(kafka: Kafka, postgres: Database, tmp_path: Path) -> Iterator[Harness]:
    name = next(_names)
    harness = Harness(name, kafka.bootstrap, postgres.create(name), tmp_path)
    yield harness
    harness.close()


def population(users: int, minutes: float = 14) -> list[StoredFrame]:
    """Frames of several users, in order of arrival, up to now; every other user is stressed from minute 8 on."""
    start = (int(time.time() * 1000) - int(minutes * 60_000)) // 10_000 * 10_000
    sent: list[StoredFrame] = []
    for i in range(users):
        beats = series(i, minutes, [(8, 11)] if i % 2 else [], start)
        sent += frames(f"user-{i}", beats)
    return sorted(sent, key=lambda frame: frame.received)


def expected(sent: list[StoredFrame]) -> tuple[dict[tuple[str, int], Window], dict[str, StressEvent]]:
    results = compute_frames(sent, RULES)
    rows = {(user, row.at): row for user, (windows, _) in results.items() for row in windows}
    events = {event.event_id: event for _, raised in results.values() for event in raised}
    return rows, events


def assert_holds(harness: Harness, sent: list[StoredFrame]) -> None:
    """The store holds exactly the offline results of the same frames, and each event was answered."""
    rows, events = expected(sent)
    assert events, "these beats raise no event: the test would prove nothing"
    until(f"{len(rows)} rows stored", lambda: len(harness.rows()) >= len(rows), 60)
    until(f"{len(events)} events stored", lambda: len(harness.events()) >= len(events), 20)
    until("every event answered", lambda: all(event[3] for event in harness.events().values()), 20)
    found = harness.rows()
    assert found.keys() == rows.keys()
    for key, window in rows.items():
        assert found[key] == row(window), key
    assert {i: (e.user, e.raised) for i, e in events.items()} == {i: e[:2] for i, e in harness.events().items()}
    assert harness.receiver.events == events
    assert not harness.receiver.rejected


def test_the_store_holds_the_offline_results_and_each_event_is_answered_once(harness: Harness) -> None:
    harness.start()
    sent = population(8)
    harness.send(sent)
    assert_holds(harness, sent)
    assert set(harness.receiver.requests.values()) == {1}
    published = [msgspec.json.decode(value, type=StressEvent) for value in harness.messages(harness.events_topic)]
    assert {event.event_id: event for event in published} == expected(sent)[1]


def test_records_that_cannot_be_processed_become_dead_letters_and_stop_nothing(harness: Harness) -> None:
    sent = population(4)
    half = len(sent) // 2
    crooked = StoredFrame("user-0", "other", 1, sent[half].received, "", [1, 2], [800.0])
    harness.start()
    harness.send(sent[:half])
    for partition in range(PARTITIONS):
        harness.send_raw(partition, b"\xc1 not a record")
    harness.send_raw(partition_of("user-0", PARTITIONS), pack([crooked]))
    harness.send(sent[half:])
    assert_holds(harness, sent)
    until("dead letters", lambda: len(harness.messages(harness.dead)) == PARTITIONS + 1, 20)
    dead = [msgspec.msgpack.decode(value, type=DeadLetter) for value in harness.messages(harness.dead)]
    assert {letter.topic for letter in dead} == {harness.raw}
    assert sorted({letter.value for letter in dead}) == sorted({b"\xc1 not a record", pack([crooked])})
    assert all(letter.reason for letter in dead)


def test_people_whose_subject_no_table_holds_stop_no_other(harness: Harness) -> None:
    """Their frames come in the same records as those of others, as ingest packs them."""
    sent = population(4)
    subjects = ["a\0b", "".join(random.Random(1).choices(string.ascii_letters, k=3_000)), "a b", ""]
    poison = [msgspec.structs.replace(frame, user=subject) for frame in sent[::4] for subject in subjects]
    surrogate = pack([msgspec.structs.replace(sent[0], user="a~b")]).replace(b"a~b", b"\xed\xa0\x80")
    partition = partition_of(sent[0].user, PARTITIONS)
    harness.start()
    frames_of_one = [frame for frame in sent if frame.user == sent[0].user]
    for i, frame in enumerate(frames_of_one):
        packed = pack([poison[i % len(poison)], frame, poison[-1 - i % len(poison)]])
        # an array of three becomes one of four
        harness.send_raw(partition, b"\x94" + packed[1:] + surrogate[1:])
    harness.send([frame for frame in sent if frame.user != sent[0].user])
    assert_holds(harness, sent)
    count = 3 * len(frames_of_one)
    rejected = f'biosync_rejected_records_total{{reason="frames",sink="dataflow"}} {count}.0'
    until(rejected, lambda: rejected in metrics(harness), 20)
    until("dead letters", lambda: len(harness.messages(harness.dead)) == count, 20)
    dead = [msgspec.msgpack.decode(value, type=DeadLetter) for value in harness.messages(harness.dead)]
    assert all("subject" in letter.reason or "utf-8" in letter.reason for letter in dead)
    assert status(harness, "/readyz") == 200


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_stop_or_crash_in_the_middle_changes_nothing(harness: Harness, how: signal.Signals) -> None:
    sent = population(12)
    parts = 5
    harness.start()
    for i in range(parts):
        harness.send(sent[len(sent) * i // parts : len(sent) * (i + 1) // parts])
        some = len(expected(sent[: len(sent) * i // parts])[0])
        until("some rows of this part", lambda some=some: len(harness.rows()) > some, 60)
        code = harness.stop(how)
        assert code == (-9 if how == signal.SIGKILL else 0)
        harness.start()
    assert_holds(harness, sent)


def test_duplicated_and_reordered_frames_change_nothing(harness: Harness) -> None:
    sent = population(6)
    mixed = disturbed(sent, seed=5)
    assert len(mixed) > 1.2 * len(sent)
    harness.start()
    harness.send(mixed)
    assert_holds(harness, mixed)
    (rows, events), (plain_rows, plain_events) = expected(mixed), expected(sent)
    assert rows == plain_rows
    assert events.keys() == plain_events.keys()


def test_reading_the_topic_from_the_start_again_gives_the_same_and_pushes_nothing_again(harness: Harness) -> None:
    sent = population(6)
    harness.start()
    harness.send(sent)
    assert_holds(harness, sent)
    answered = harness.query("select event_id, attempts, responded_at from stress_events order by 1")
    assert harness.stop(signal.SIGTERM) == 0
    shutil.rmtree(harness.state)
    harness.query("update hrv_1m set hr = 0 returning 1")
    harness.start()
    until("the dataflow ready", lambda: status(harness, "/readyz") == 200, 60)
    again = f"biosync_frames_total {len(sent)}.0"
    until("every frame read again", lambda: again in metrics(harness), 60)
    assert harness.stop(signal.SIGTERM) == 0
    assert_holds(harness, sent)
    assert harness.query("select event_id, attempts, responded_at from stress_events order by 1") == answered
    assert set(harness.receiver.requests.values()) == {1}
    published = [
        msgspec.json.decode(value, type=StressEvent).event_id for value in harness.messages(harness.events_topic)
    ]
    assert Counter(published) == dict.fromkeys(expected(sent)[1], 2)


def disturbed(sent: list[StoredFrame], seed: int) -> list[StoredFrame]:
    """The frames, a few neighbours at a time in any order and arriving together, some of them twice."""
    random_ = random.Random(seed)
    users = len({frame.user for frame in sent})
    mixed = sent[:users]  # the first frame of each user sets its first number
    at = users
    while at < len(sent):
        group = sent[at : at + random_.randint(1, 2 * users)]
        at += len(group)
        arrived = group[-1].received
        random_.shuffle(group)
        mixed += [msgspec.structs.replace(frame, received=arrived) for frame in group]
        mixed += random_.sample(mixed[-100:], min(len(mixed), random_.randint(0, users)))
    return mixed


def test_a_failing_receiver_is_retried_until_it_accepts_the_event(harness: Harness) -> None:
    harness.receiver.down = True
    harness.start()
    sent = population(2)
    harness.send(sent)
    events = expected(sent)[1]
    until("events stored", lambda: len(harness.events()) == len(events), 60)
    harness.stop(signal.SIGKILL)
    assert not harness.receiver.requests
    harness.receiver.down = False
    harness.start()
    assert_holds(harness, sent)


@pytest.mark.parametrize("engine", ["postgres", "kafka"])
def test_an_engine_outage_neither_loses_nor_duplicates_anything(
    harness: Harness, kafka: Kafka, postgres: Database, engine: str
) -> None:
    server = kafka if engine == "kafka" else postgres.server
    sent = population(8)
    third = len(sent) // 3
    harness.start()
    harness.send(sent[:third])
    until("first rows", lambda: len(harness.rows()) > 0, 60)
    if engine == "postgres":
        harness.send(sent[third : 2 * third])
    server.stop()
    try:
        until("the engine down", lambda: not server.ready(), 20)
        if engine == "postgres":
            until("the dataflow unready", lambda: status(harness, "/readyz") == 503, 20)
            assert status(harness, "/healthz") == 200
            harness.send(sent[2 * third :])
        assert harness.process is not None and harness.process.poll() is None
    finally:
        server.ensure()
    if engine == "kafka":
        harness.send(sent[third:])
    assert_holds(harness, sent)
    assert status(harness, "/readyz") == 200


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_stop_or_crash_while_the_store_is_down_loses_nothing(
    harness: Harness, postgres: Database, how: signal.Signals
) -> None:
    sent = population(6)
    harness.start()
    harness.send(sent[: len(sent) // 2])
    until("first rows", lambda: len(harness.rows()) > 0, 60)
    postgres.server.stop()
    try:
        harness.send(sent[len(sent) // 2 :])
        frames_read = f"biosync_frames_total {len(sent)}.0"
        until("all frames read", lambda: frames_read in metrics(harness), 30)
        for _ in range(3):
            before = commits(harness)
            until("a commit of each partition", lambda before=before: commits(harness) >= before + PARTITIONS, 30)
        assert harness.stop(how) == (-9 if how == signal.SIGKILL else 0)
    finally:
        postgres.server.ensure()
    harness.start()
    assert_holds(harness, sent)


def test_metrics_report_lag_and_progress(harness: Harness) -> None:
    sent = population(4)
    harness.start()
    harness.send(sent)
    assert_holds(harness, sent)
    beats = sum(len(frame.t) for frame in sent)
    assert f"biosync_beats_total {beats}.0" in metrics(harness)
    for partition in range(PARTITIONS):
        metric = f'biosync_consumer_lag_records{{partition="{partition}"}} 0.0'
        until(metric, lambda metric=metric: metric in metrics(harness), 20)
        assert f'biosync_consumer_lag_seconds{{partition="{partition}"}} 0.0' in metrics(harness)
    assert re.search(r"^biosync_cpu_seconds_total [0-9.]*[1-9]", metrics(harness), re.MULTILINE)


def status(harness: Harness, path: str) -> int:
    try:
        return httpx.get(f"http://{harness.host}:{harness.port}{path}", timeout=5, trust_env=False).status_code
    except httpx.ConnectError:
        return 0


def commits(harness: Harness) -> float:
    """How often a partition was written to its local log."""
    found = re.search(r"^biosync_snapshot_seconds_count (.*)$", metrics(harness), re.MULTILINE)
    return float(found[1]) if found else 0.0


def metrics(harness: Harness) -> str:
    return httpx.get(f"http://{harness.host}:{harness.port}/metrics", timeout=5, trust_env=False).text
