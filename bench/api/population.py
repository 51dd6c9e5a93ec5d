"""The people, items and sessions that are asked for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import psycopg
from joserfc.jwk import ECKey
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from bench.api.system import System
from services.auth import tokens
from services.auth.sessions import store as sessions

PEOPLE = 200
ITEMS = 500
TOKEN_SECONDS = 7_200.0
LOCALE = "en"
SEARCHED = ("breathing", "sleep", "forest", "calm evening", "brething")
"""The last one has a typing error."""

_WORDS = ("Box breathing", "Deep sleep", "Walk in the forest", "Calm evening", "Morning light")
_KINDS = ("breathing", "sleep story", "sound", "meditation", "music")
_DESCRIPTION = "Lie down, let the shoulders sink, and follow the voice for as long as it feels good."
_ITEM = """
insert into items (state, kind, locale, work, title, description, seconds, tags, teacher, entitlement, media)
values ('published', %s, %s, %s, %s, %s, %s, %s, %s, '', %s)"""


@dataclass(frozen=True)
class Session:
    """A device that is signed in."""

    account: str
    id: str
    refresh_token: str


def person(number: int) -> str:
    return f"person-{number:04d}"


def token(number: int, key: ECKey) -> str:
    """An access token that outlives the run."""
    return tokens.issue(person(number), [], key, time.time(), lifetime=TOKEN_SECONDS)


def store_items(databases: Mapping[str, str]) -> None:
    """Published items; the service builds the search index from them when it starts."""
    with psycopg.connect(databases["content"]) as connection, connection.cursor() as cursor:
        rows = [
            (
                _KINDS[number % len(_KINDS)],
                LOCALE,
                f"work-{number}",
                f"{_WORDS[number % len(_WORDS)]} {number}",
                _DESCRIPTION,
                240 + number,
                ["evening", "calm"],
                f"Teacher {number % 20}",
                Jsonb({"key": f"items/{number}", "content_type": "audio/mpeg", "bytes": 4_000_000}),
            )
            for number in range(ITEMS)
        ]
        cursor.executemany(_ITEM, rows)


def introduce(system: System) -> None:
    """Everybody has a profile and checks in, as their app would have them do; raises httpx.HTTPStatusError."""
    host, port = system.programs["users"].address
    with httpx.Client(base_url=f"http://{host}:{port}/v1/users/me", timeout=20, trust_env=False) as client:
        for number in range(PEOPLE):
            known = {"Authorization": f"Bearer {token(number, system.key)}"}
            profile = {"display_name": f"Person {number}", "zone": "Europe/Berlin"}
            client.put("/profile", json=profile, headers=known | {"If-Match": '"0"'}).raise_for_status()
            client.post("/check-ins", json={"mood": 4}, headers=known).raise_for_status()


def await_search(system: System) -> None:
    """Returns when the index is built; raises EngineFailed."""
    content = system.programs["content"]
    host, port = content.address
    known = {"Authorization": f"Bearer {token(0, system.key)}"}

    def found() -> bool:
        answer = httpx.get(f"http://{host}:{port}/v1/content/search?q=sleep", headers=known, trust_env=False)
        return answer.is_success and b'"title"' in answer.content

    content.process.wait_until(found, 60)


async def sign_in(system: System, count: int) -> list[Session]:
    """Sessions of accounts, one each, as the end of a sign-in stores them."""
    found: list[Session] = []
    async with await AsyncConnection.connect(system.databases["auth"]) as connection:
        for number in range(count):
            account = person(number)
            await connection.execute("insert into accounts (id) values (%s) on conflict do nothing", (account,))
            began = await sessions.begin(connection, account, "phone", time.time())
            assert began.refresh_token is not None
            found.append(Session(account, began.session_id, began.refresh_token))
    return found
