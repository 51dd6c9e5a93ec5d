"""One result that the store can never hold, among those of others, on a real PostgreSQL."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import psycopg
import pytest

from contracts import timeseries
from contracts.records import DeadLetter, Evidence, StressEvent
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.partition import Output
from dataflows.biosync.sink import health
from dataflows.biosync.sink.fence import UNFENCED, Fence
from dataflows.biosync.sink.outbox import Outbox
from dataflows.biosync.sink.results import ResultBuffers
from dataflows.biosync.sink.store import Store
from dataflows.biosync.sink.webhook import WebhookClient
from dataflows.biosync.tools.dead_letters import Entry
from tests.dataflows.beats import START
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
HOUR = timedelta(hours=1)
USERS = {
    "NUL": "a\0b",
    "an index row too large": "".join(random.Random(1).choices(string.ascii_letters, k=3_000)),
    "a lone surrogate": "a\ud800b",
}
EVIDENCE = Evidence(95.0, 65.0, 12.0, 40.0, 1.0, 9.0, 5.0, "gate", "2")


class Sinks:
    """The store and the outbox on a database of their own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.shutdown = Shutdown()
        self.results = ResultBuffers("raw", "events", "dead", self.shutdown)
        fence = Fence(url, "raw")
        fence.hold(0, UNFENCED)
        self.store = Store(url, HOUR, self.results.rows, fence, self.results.rejections, self.shutdown)
        webhook = WebhookClient("http://127.0.0.1:9/", "secret")
        self.outbox = Outbox(url, HOUR, self.results.events, webhook, fence, self.results.rejections, self.shutdown)
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in timeseries.native():
                connection.execute(statement.encode())
        self.store.start()
        self.outbox.start()

    def users(self, table: str) -> list[str]:
        with psycopg.connect(self.url) as connection:
            return [row[0] for row in connection.execute(f"select user_id from {table} order by 1".encode()).fetchall()]

    def dead(self) -> list[DeadLetter]:
        records = self.results.records.contents(0).values()
        return [msgspec.msgpack.decode(r.value, type=DeadLetter) for r in records if r.topic == "dead"]


_names = iter(f"poison{i}" for i in range(1000))


@pytest.fixture
def sinks(postgres: Database) -> Iterator[Sinks]:
    sinks = Sinks(postgres.create(next(_names)))
    yield sinks
    sinks.shutdown.finish()


def window(at: int = START, **changed: object) -> Window:
    return msgspec.structs.replace(Window(at, 60.0, 40.0, 50.0, 10.0, 60, 1.0), **changed)


@pytest.mark.parametrize("what", USERS)
def test_a_row_of_a_person_that_cannot_be_stored_stops_no_other(sinks: Sinks, what: str) -> None:
    others = {(f"user-{i:03d}", START): window() for i in range(300)}
    sinks.results.rows.put(0, {**others, (USERS[what], START): window()})
    until("the rows of all others", lambda: len(sinks.users("hrv_1m")) == 300, 30)
    until("an empty buffer", lambda: sinks.results.rows.wait_empty(0.0), 30)
    (letter,) = sinks.dead()
    assert letter.kind == "row"
    assert letter.reason.startswith("store, ")
    (user,) = Entry(letter, "dead", 0, 0, 0, False).users
    assert user[0] == USERS[what][0]
    assert sinks.store.unavailable == sinks.store.health.stalled == ""


@pytest.mark.parametrize(
    "poison",
    [window(beats=2**40), window(beats=2**70), window(hr=1e300), window(at=2**62), window(at=-(2**62))],
    ids=["beats", "more beats", "rate", "far ahead", "long ago"],
)
def test_a_row_with_a_value_that_cannot_be_stored_stops_no_other(sinks: Sinks, poison: Window) -> None:
    sinks.results.rows.put(0, {("ada", poison.at): poison, ("bob", START): window()})
    until("the other row", lambda: sinks.users("hrv_1m") == ["bob"], 30)
    until("an empty buffer", lambda: sinks.results.rows.wait_empty(0.0), 30)
    assert [letter.kind for letter in sinks.dead()] == ["row"]


@pytest.mark.parametrize("what", USERS)
def test_an_event_that_cannot_be_stored_stops_no_other(sinks: Sinks, what: str) -> None:
    events = [StressEvent(str(i), f"user-{i}", START, START, "0" * 32, EVIDENCE) for i in range(20)]
    poison = StressEvent("poison", USERS[what], START, START, "0" * 32, EVIDENCE)
    if what == "an index row too large":  # no index of stress_events is over the text alone: this row is stored
        poison = msgspec.structs.replace(poison, trace="a\0b")
    sinks.results.events.put(0, {event.event_id: event for event in [*events[:10], poison, *events[10:]]})
    until("the events of all others", lambda: len(sinks.users("stress_events")) == 20, 30)
    until("an empty buffer", lambda: sinks.results.events.wait_empty(0.0), 30)
    assert [letter.kind for letter in sinks.dead()] == ["event"]


def test_an_event_that_cannot_be_encoded_stops_no_other_where_results_are_taken() -> None:
    results = ResultBuffers("raw", "events", "dead", Shutdown())
    good = StressEvent("1", "ada", START, START, "", EVIDENCE)
    bad = msgspec.structs.replace(good, event_id="2", user="\ud800")
    results.write(0, Output([("ada", window())], [bad, good], []))
    assert set(results.events.contents(0)) == {"1"}
    assert {record.topic for record in results.records.contents(0).values()} == {"events", "dead"}


def test_an_error_of_the_store_gives_nothing_up_and_shows_until_a_write_succeeds(sinks: Sinks) -> None:
    with psycopg.connect(sinks.url, autocommit=True) as connection:
        connection.execute(b"alter table hrv_1m drop column dropped")
        sinks.results.rows.put(0, {("ada", START): window()})
        until("the reason", lambda: "dropped" in sinks.store.unavailable, 30)
        for _ in range(20):
            sinks.shutdown.wait(0.1)
            assert "dropped" in sinks.store.unavailable  # also while it is connected again
        assert not sinks.dead()
        connection.execute(b"alter table hrv_1m add column dropped integer")
    until("the row", lambda: sinks.users("hrv_1m") == ["ada"], 30)
    until("no reason any more", lambda: sinks.store.unavailable == "", 30)


def test_an_outbox_without_its_table_is_stalled_until_the_table_exists_again(
    sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "STALLED_SECONDS", 2.0)
    with psycopg.connect(sinks.url, autocommit=True) as connection:
        connection.execute("alter table stress_events rename to away")
        sinks.results.events.put(0, {"1": StressEvent("1", "ada", START, START, "0" * 32, EVIDENCE)})
        until("the outbox stalled", lambda: sinks.outbox.health.stalled, 30)
        assert sinks.outbox.health.stalled.startswith("outbox (stress_events): nothing was written for ")
        assert 'relation "stress_events" does not exist' in sinks.outbox.health.stalled
        connection.execute("alter table away rename to stress_events")
    until("the event stored", lambda: sinks.users("stress_events") == ["ada"], 60)
    until("no stall", lambda: sinks.outbox.health.stalled == "", 20)
