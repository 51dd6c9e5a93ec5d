"""App launch, check-ins and rewards of a real service."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from contracts.platform import TOPIC_USER_EVENTS
from contracts.user_events import Kind, UserEvent, encode
from tests.fixtures.waiting import until
from tests.kit.refusals import dead_letters
from tests.users.conftest import Service

pytestmark = pytest.mark.integration


def test_a_new_person_has_defaults_and_no_row(service: Service) -> None:
    launch = service.client("days-new").get("/launch")
    assert launch.status_code == 200
    assert launch.json()["streak"] == {"length": 0, "longest": 0, "freezes": 0}
    assert (launch.json()["level"], launch.json()["points"], launch.json()["zone"]) == (1, 0, "UTC")
    assert service.query("select 1 from people where user_id = 'days-new'") == []


def test_a_streak_goes_on_over_midnight_of_the_persons_zone(service: Service) -> None:
    client = service.client("days-auckland")
    client.put("/profile", json={"zone": "Pacific/Auckland"}, headers={"If-Match": '"0"'}).raise_for_status()
    service.clock = datetime(2026, 4, 5, 11, 59, tzinfo=UTC)  # a minute to midnight of the day of 25 hours
    first = client.post("/check-ins", json={"mood": 4})
    assert (first.status_code, first.json()["day"], first.json()["first"]) == (201, "2026-04-05", True)
    launch = client.get("/launch").json()
    assert launch["checked_in"]
    service.clock += timedelta(minutes=2)
    launch = client.get("/launch").json()
    assert (launch["checked_in"], launch["streak"]["length"]) == (False, 1)
    second = client.post("/check-ins", json={"mood": 5})
    assert (second.status_code, second.json()["streak"]["length"]) == (201, 2)
    again = client.post("/check-ins", json={"mood": 1, "note": "tired"})
    assert (again.status_code, again.json()["first"], again.json()["streak"]["length"]) == (200, False, 2)
    launch = client.get("/launch").json()
    assert datetime.fromisoformat(launch["day_ends_at"]) > service.clock
    kept = client.get("/check-ins").json()["check_ins"]
    assert [(one["mood"], one["note"]) for one in kept] == [(1, "tired"), (4, None)]


def test_of_many_check_ins_at_once_one_is_the_first(service: Service) -> None:
    client = service.client("days-crowd")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda mood: client.post("/check-ins", json={"mood": 1 + mood % 5}), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert service.query("select length from streaks where user_id = 'days-crowd'") == [(1,)]


async def test_a_person_that_no_table_holds_stops_no_other_and_is_kept(service: Service) -> None:
    long = "".join(str(uuid4()) for _ in range(90))
    at = int(time.time() * 1000)
    events = [UserEvent(str(uuid4()), Kind.CALM_SEEN, user, at) for user in (long, "days-behind")]
    producer = Producer(dict(service.settings.kafka_client))
    for event in events:
        producer.produce(TOPIC_USER_EVENTS, encode(event), partition=1)
    assert producer.flush(30) == 0
    points = "select points from progress where user_id = 'days-behind'"
    await asyncio.to_thread(until, "the event behind it", lambda: service.query(points) == [(15,)])
    written = encode(events[0])
    await dead_letters(service.settings.kafka_bootstrap, TOPIC_USER_EVENTS, wanted=lambda one: one.value == written)


def test_check_ins_and_sessions_earn_points_and_badges_once(service: Service) -> None:
    client = service.client("days-points")
    client.post("/check-ins", json={}).raise_for_status()
    session = {"content_id": "ocean", "seconds": 300}
    for _ in range(2):
        client.post("/sessions", json=session, headers={"Idempotency-Key": "s1"}).raise_for_status()
    until("the points", lambda: client.get("/launch").json()["points"] == 30)
    launch = client.get("/launch").json()
    assert launch["badges"] == ["first-check-in", "first-session"]
    rewards = client.get("/rewards").json()["rewards"]
    assert sorted((one["kind"], one["points"]) for one in rewards) == [("check-in", 10), ("session-finished", 20)]


def test_pages_of_check_ins_have_each_once(service: Service) -> None:
    client = service.client("days-pages")
    for day in range(7):
        service.clock = datetime(2026, 5, 1 + day, 12, tzinfo=UTC)
        client.post("/check-ins", json={}).raise_for_status()
    days: list[date] = []
    query = {"limit": "3"}
    while True:
        page = client.get("/check-ins", params=query).json()
        days += [date.fromisoformat(one["day"]) for one in page["check_ins"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert days == [date(2026, 5, day) for day in range(7, 0, -1)]
    assert client.get("/launch").json()["streak"] == {"length": 7, "longest": 7, "freezes": 1}
