"""A stream that gets another image and goes back: its rows are those of the image before, as if there had been none."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.row import row
from local.engines.kafka import Kafka
from tests.dataflows.harness import PARTITIONS
from tests.dataflows.s3_gate import Gate
from tests.dataflows.stream import Stream
from tests.dataflows.test_flow import expected, population
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
NAME = "backward"
MINUTE = 60_000


@pytest.fixture
def stream(kafka: Kafka, postgres: Database, s3: Any, gate: Gate, tmp_path: Path) -> Iterator[Stream]:
    stream = Stream(NAME, kafka, postgres.create(NAME), tmp_path, s3, gate)
    yield stream
    stream.close()


def test_rows_of_the_time_of_another_image_are_computed_again_and_no_event_is_pushed_twice(stream: Stream) -> None:
    sent = population(6)
    begin, change, back = sent[0].received, 6 * MINUTE, 11 * MINUTE
    ours = [frame for frame in sent if frame.received - begin < change]
    theirs = [frame for frame in sent if change <= frame.received - begin < back]
    stream.start()
    stream.send(ours)
    until("rows of the image", lambda: len(stream.rows()) == len(expected(ours)[0]), 60)
    assert stream.stop(signal.SIGTERM) == 0
    left = sorted(_name(stream.manifest(partition)["snapshots"][0]) for partition in range(PARTITIONS))

    stream.wipe()
    other = {**stream.spec(), "dataflow": {"image": "aura/biosync:2.0.0"}, "hrv": {"window": "120s"}}
    stream.start(BIOSTREAM_SPEC=json.dumps(other))
    assert stream.origins() == ["snapshot"] * PARTITIONS
    stream.send(theirs)
    rows, events = expected([*ours, *theirs])
    assert events and not expected(ours)[1], "no event is raised by the other image: the test would prove little"
    until("rows of the other image", lambda: len(stream.rows()) == len(rows), 60)
    until("its events pushed", lambda: stream.receiver.requests.keys() == events.keys(), 20)
    until("its events answered", lambda: all(event[3] for event in stream.events().values()), 20)
    found = stream.rows()
    wrong = {key for key, window in rows.items() if found[key] != row(window)}
    assert wrong and wrong <= rows.keys() - expected(ours)[0].keys()
    stream.snapshotted()
    assert stream.stop(signal.SIGTERM) == 0

    stream.start()  # on the disk of the other one
    assert stream.origins() == ["snapshot"] * PARTITIONS
    restored = stream.restored()
    assert sorted(one["snapshot"] for one in restored) == left
    assert all("back to the state of aura/biosync:1.0.0 from" in one["why"] for one in restored)
    until("its rows computed again", lambda: _holds(stream, rows), 60)
    stream.send([frame for frame in sent if frame.received - begin >= back])
    rows, events = expected(sent)
    until("all rows", lambda: _holds(stream, rows), 60)
    until("every event answered", lambda: all(event[3] for event in stream.events().values()), 20)
    assert {key: event[:2] for key, event in stream.events().items()} == {
        key: (event.user, event.raised) for key, event in events.items()
    }
    assert stream.receiver.requests == dict.fromkeys(events, 1)


def _name(snapshot: dict[str, Any]) -> str:
    return f"{snapshot['epoch']}-{snapshot['number']}"


def _holds(stream: Stream, rows: dict[tuple[str, int], Window]) -> bool:
    return stream.rows() == {key: row(window) for key, window in rows.items()}
