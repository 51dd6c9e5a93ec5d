"""App launch, daily check-ins and finished sessions."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body
from pydantic import BaseModel

from contracts.user_events import Kind, UserEvent
from services.kit import cursor, idempotency
from services.kit.authentication import Caller
from services.kit.idempotency import Answer
from services.kit.problems import documented
from services.users import check_ins, documents, launch
from services.users.account import milliseconds, put
from services.users.endpoints.dependencies import Cursor, LaunchCache, Limit, Now, Store
from services.users.people import refuse_deleted
from services.users.schemas import Accepted, CheckedIn, CheckIns, Launch, Mood, Profile, Session

_DAY = re.compile(r"([1-9][0-9]{3})-([0-9]{2})-([0-9]{2})")
router = APIRouter()


@router.get("/launch", responses=documented(401, 410, 503))
async def app_launch(who: Caller, people: Store, cache: LaunchCache, now: Now) -> Launch:
    """Who the person is, their day, streak, points and badges, in one call."""
    return launch.at(who.user, await launch.facts(people, cache, who), now)


@router.post(
    "/check-ins",
    status_code=201,
    response_model=CheckedIn,
    responses={**documented(401, 410, 422, 503), 200: {"model": CheckedIn, "description": "The day counted before"}},
)
async def check_in(
    who: Caller, people: Store, now: Now, mood: Annotated[Mood, Body()], idempotency_key: idempotency.Key = None
) -> Any:
    """Checks in for the day that is now in the person's zone; again on that day replaces mood and note."""
    async with people.change(who) as connection:

        async def work() -> Answer:
            _, profile = await documents.read(connection, who.user, documents.Kind.PROFILE, Profile)
            streak, first = await check_ins.record(connection, who.user, mood, now, ZoneInfo(profile.zone))
            assert streak.last_day is not None
            if first:
                event_id = str(check_ins.event_id(who.user, streak.last_day))
                event = UserEvent(event_id, Kind.CHECK_IN, who.user, milliseconds(now), streak=streak.length)
                await put(connection, event)
            shown = CheckedIn(day=streak.last_day, first=first, streak=launch.shown(streak))
            return _answer(201 if first else 200, shown)

        return await idempotency.once(connection, who.user, idempotency_key, _request("check-ins", mood), work)


@router.get("/check-ins", responses=documented(401, 410, 422, 503))
async def list_check_ins(who: Caller, people: Store, after: Cursor = None, limit: Limit = 50) -> CheckIns:
    """Check-ins, the newest first."""
    before = check_ins.LATEST if after is None else _day(cursor.decode(after, _DAY))
    async with people.pool.connection() as connection:
        await refuse_deleted(connection, who)
        found = await check_ins.page(connection, who.user, before, limit + 1)
    following = cursor.encode(found[limit - 1].day.isoformat()) if len(found) > limit else None
    return CheckIns(check_ins=found[:limit], next=following)


@router.post("/sessions", status_code=202, response_model=Accepted, responses=documented(401, 410, 422, 503))
async def session(
    who: Caller, people: Store, now: Now, finished: Session, idempotency_key: idempotency.Key = None
) -> Any:
    """A session that the person has just finished."""
    async with people.change(who) as connection:

        async def work() -> Answer:
            event = UserEvent(str(uuid4()), Kind.SESSION_FINISHED, who.user, milliseconds(now))
            await put(connection, event)
            return _answer(202, Accepted(event_id=event.id))

        return await idempotency.once(connection, who.user, idempotency_key, _request("sessions", finished), work)


def _answer(status: int, body: BaseModel) -> Answer:
    return Answer(status, body.model_dump_json().encode())


def _request(route: str, body: BaseModel) -> bytes:
    """What an Idempotency-Key stands for."""
    return f"{route} {body.model_dump_json()}".encode()


def _day(position: re.Match[str]) -> date:
    try:
        return date(*(int(part) for part in position.groups()))
    except ValueError:
        raise cursor.InvalidCursor from None
