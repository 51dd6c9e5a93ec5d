"""The history service on a real PostgreSQL with the rows of several people, and its client."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psycopg
import uvicorn
from fastapi import FastAPI
from joserfc.jwk import ECKey

from contracts import timeseries
from services.auth import tokens
from services.kit.serve import config
from services.kit.settings import ServiceSettings

NO_KAFKA = "127.0.0.1:1"
"""History answers without Kafka."""
JUNE = datetime(2021, 6, 1, tzinfo=UTC)
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)


EVENTS = [START + timedelta(minutes=30, seconds=7 + 400 * i) for i in range(5)]


TURNS = {
    "Atlantic/Azores": ("azores", datetime(2020, 10, 25, 1, tzinfo=UTC)),
    "America/Havana": ("havana", datetime(2020, 11, 1, 5, tzinfo=UTC)),
    "America/Asuncion": ("asuncion", datetime(2021, 3, 28, 3, tzinfo=UTC)),
    "America/Sao_Paulo": ("sao-paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    "Antarctica/Casey": ("casey", datetime(2010, 3, 4, 15, tzinfo=UTC)),
    "Australia/Lord_Howe": ("lord-howe", datetime(2020, 4, 4, 15, tzinfo=UTC)),
    "Europe/Berlin": ("berlin", datetime(2020, 10, 25, 1, tzinfo=UTC)),
}
"""When clocks of a zone are changed, at or near midnight but for the last; rows of a user each half hour around it."""


PAUSING = (45, 7, 30, 10)
"""How often, in seconds, the windows of the users `pausing-` are evaluated: of 90, 49, 30 and 60 s."""
SILENCES = ((270, 480), (1_110, 1_200))
"""Seconds of their twenty minutes, each after and up to, in which no window ends. The last one has no end."""


class ServerThread:
    """Serves an application on a free port in a thread."""

    def __init__(self, application: FastAPI, settings: ServiceSettings) -> None:
        self.server = uvicorn.Server(config(application, settings))
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()))

    def __enter__(self) -> str:
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            assert self.thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server does not listen"
            threading.Event().wait(0.01)
        host, port = self.server.servers[0].sockets[0].getsockname()
        return f"http://{host}:{port}"

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=20)


Store = Callable[[str, datetime, float], None]
"""Stores a window of a user that ends at a moment, with a heart rate."""


def store_other_people(connection: psycopg.Connection[Any]) -> None:
    """Events of one moment; streams of other windows, whose heart rate is their end in seconds; days of other zones."""
    rows = [
        (f"every-{every}", START + timedelta(seconds=end), end)
        for every in (10, 45, 7, 60, 20, 50)
        for end in range(every, 20 * 60 + 1, every)
    ]
    rows += [
        (f"pausing-{every}", START + timedelta(seconds=end), end)
        for every in PAUSING
        for end in range(every, 20 * 60 + 1, every)
        if not any(first < end <= last for first, last in SILENCES)
    ]
    rows += [("traveller", JUNE + timedelta(hours=hour, minutes=1), 100 + hour) for hour in range(-24, 96)]
    midnights = [datetime(2021, 3, day, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC) for day in range(27, 31)]
    for hr, first, past in zip((60, 70, 80), midnights, midnights[1:], strict=False):
        hours = (past - first) // timedelta(hours=1)
        rows += [("sleeper", first + timedelta(hours=hour), hr) for hour in range(hours)]
    for user, moment in TURNS.values():
        rows += [(user, moment + timedelta(minutes=30 * i), 100 + i) for i in range(-120, 120)]
    days = {at.replace(hour=0, minute=0, second=0, microsecond=0) for _, at, _ in rows if at < START}
    for day in days:
        for table in timeseries.TIME_COLUMN:
            connection.execute(timeseries.create_partition(table, day, timedelta(days=1)).encode())
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into hrv_1m (user_id, at, hr, beats, quality) values (%s, %s, %s, 60, 1)",
            rows,
        )
        cursor.executemany(
            "insert into stress_events (event_id, user_id, raised_at, received_at, trace, evidence)"
            " values (%s, 'twins', %s, %s, '', '{}')",
            [(event_id, EVENTS[0], EVENTS[0]) for event_id in ("b", "A", "z", "a", "c")],
        )


def get_history(
    history: httpx.Client, key: ECKey, subject: str = "ada", roles: Sequence[str] = (), **query: str
) -> httpx.Response:
    access = tokens.issue(subject, roles, key, time.time())
    return history.get("/v1/history", params=query, headers={"Authorization": f"Bearer {access}"})


def pages(
    history: httpx.Client, key: ECKey, subject: str = "ada", **query: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Windows and events of all pages, none of which is larger than its limit or empty."""
    windows: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    while True:
        page = get_history(history, key, subject, **query).json()
        assert max(len(page["windows"]), len(page["events"])) <= int(query["limit"])
        windows += page["windows"]
        events += page["events"]
        if page["next"] is None:
            return windows, events
        assert page["windows"] or page["events"]
        query["cursor"] = page["next"]


BOUNDS = {"from": START.isoformat(), "to": (START + timedelta(hours=2)).isoformat()}
