"""Export and the end of an account, over every table that the service has."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest
import redis as redis_client
from aiokafka import AIOKafkaConsumer

from contracts.platform import TOPIC_USER_EVENTS
from contracts.preferences import PREFERENCES_KEY
from contracts.tokens import LIFETIME_SECONDS
from contracts.user_events import Kind, UserEvent, read
from services.kit import database
from services.users.account import TABLES_OF_A_PERSON
from services.users.gamification import ledger
from tests.fixtures.waiting import until
from tests.users.conftest import Service
from tests.users.test_documents import BODIES, ROUTES

pytestmark = pytest.mark.integration

WITH_A_PERSON = """
select table_name from information_schema.columns where table_schema = 'public' and column_name = 'user_id'"""
GO_WITH_THE_PERSON = """
select conrelid::regclass::text from pg_constraint
where contype = 'f' and confrelid = 'people'::regclass and confdeltype = 'c'"""


def names(service: Service, query: str) -> set[str]:
    return {row[0] for row in service.query(query)}


def fill(service: Service, user: str) -> None:
    """A row in every table."""
    client = service.client(user)
    for kind in ("profile", "settings", "preferences"):
        client.put(f"/{kind}", json={}, headers={"If-Match": "*"}).raise_for_status()
    client.post("/check-ins", json={"note": "fine"}, headers={"Idempotency-Key": "1"}).raise_for_status()
    client.put("/consents/research", json={"granted": True, "policy": "1"}).raise_for_status()
    until("a badge", lambda: client.get("/launch").json()["badges"])


def rows(service: Service, user: str) -> dict[str, int]:
    return {
        table: service.query(f"select count(*) from {table} where user_id = %s", user)[0][0]
        for table in TABLES_OF_A_PERSON
    }


def test_every_table_with_rows_of_a_person_is_listed_and_goes_with_them(service: Service) -> None:
    tables = names(service, WITH_A_PERSON)
    assert tables - {"stale"} == set(TABLES_OF_A_PERSON)
    assert names(service, GO_WITH_THE_PERSON) == tables - {"stale", "people"}


def test_an_export_has_every_table_and_only_the_persons_rows(service: Service) -> None:
    fill(service, "account-other")
    fill(service, "account-export")
    exported = service.client("account-export").get("/export").json()
    assert exported.keys() == set(TABLES_OF_A_PERSON) - {"idempotency_keys"}
    assert all(exported.values())
    assert exported["check_ins"][0]["note"] == "fine"
    assert {table: len(found) for table, found in exported.items()} == {
        table: count for table, count in rows(service, "account-export").items() if table in exported
    }
    assert "account-other" not in str(exported)


def test_the_end_of_an_account_leaves_no_row_and_tells_the_others(service: Service) -> None:
    user = "account-ended"
    fill(service, user)
    fill(service, "account-stays")
    stays = rows(service, "account-stays")
    assert all(rows(service, user).values())
    client = service.client(user)
    ended = client.delete(service.url(""))
    assert ended.status_code == 202
    assert set(rows(service, user).values()) == {0}
    assert rows(service, "account-stays") == stays
    assert client.delete(service.url("")).json() == ended.json()
    for method, path in ROUTES:
        if (method, path) != ("DELETE", ""):
            sent = None if method == "GET" else BODIES.get(path, {})
            answer = client.request(method, service.url(path), headers={"If-Match": "*"}, json=sent)
            assert answer.status_code == 410, (method, path)
    assert set(rows(service, user).values()) == {0}
    with redis_client.Redis.from_url(service.settings.redis_url) as redis:
        until("the cache to forget", lambda: redis.get(PREFERENCES_KEY + user) is None)
    sent = asyncio.run(events_of(service, user))
    rows_of_outbox = service.query("select value from outbox where key = %s order by due_at", user)
    events = [sent[-1], *(read(bytes(row[0])) for row in rows_of_outbox)]
    assert [event.kind for event in events] == [Kind.ACCOUNT_DELETED] * 3
    assert {event.until for event in events} == {sent[-1].at + LIFETIME_SECONDS * 1000}
    assert len({event.id for event in events}) == 3


async def test_an_event_from_before_the_end_that_comes_after_it_makes_no_row(service: Service) -> None:
    user = "account-late"
    fill(service, user)
    at = int(time.time() * 1000)
    service.client(user).delete(service.url("")).raise_for_status()
    late = UserEvent(str(uuid4()), Kind.CALM_SEEN, user, at)
    async with database.pool(service.settings, size=1) as pool:
        async with pool.connection() as connection:
            assert not await ledger.reward(connection, late)
        assert set(rows(service, user).values()) == {0}
        after = UserEvent(str(uuid4()), Kind.CALM_SEEN, user, at + 60_000)
        for new in (True, False):
            async with pool.connection() as connection:
                assert await ledger.reward(connection, after) is new
    assert service.query("select points from progress where user_id = %s", user) == [(15,)]


def test_who_comes_back_begins_anew(service: Service) -> None:
    user = "account-back"
    fill(service, user)
    service.client(user).delete(service.url("")).raise_for_status()
    later = service.client(user, lifetime=LIFETIME_SECONDS + 60)
    launch = later.get("/launch").json()
    assert (launch["points"], launch["badges"], launch["checked_in"]) == (0, [], False)
    later.put("/profile", json={"display_name": "Ada"}, headers={"If-Match": '"0"'}).raise_for_status()
    assert later.get("/launch").json()["display_name"] == "Ada"


async def events_of(service: Service, user: str) -> list[UserEvent]:
    """The events of a person in the topic, until the end of the account."""
    consumer = AIOKafkaConsumer(
        TOPIC_USER_EVENTS, bootstrap_servers=service.settings.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    found: list[UserEvent] = []
    try:
        async with asyncio.timeout(30):
            while not any(event.kind == Kind.ACCOUNT_DELETED for event in found):
                batches: dict[Any, Any] = await consumer.getmany(timeout_ms=500)
                events = [read(record.value) for records in batches.values() for record in records]
                found += [event for event in events if event.user == user]
    finally:
        await consumer.stop()
    return found
