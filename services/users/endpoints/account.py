"""Rewards, consents, export and the end of an account."""

from __future__ import annotations

import re

from fastapi import APIRouter

from services.kit import cursor
from services.kit.authentication import Caller
from services.kit.export import Exported
from services.kit.problems import documented
from services.users import account, consents
from services.users.endpoints.dependencies import Cursor, Limit, Now, Store
from services.users.gamification import ledger
from services.users.people import begin_change, deleted_at, refuse_deleted
from services.users.schemas import Consent, Decision, Deletion, Purpose, Rewards

NEWEST = (1 << 63) - 1
_NUMBER = re.compile(r"[0-9]{1,18}")
router = APIRouter()


@router.get("/rewards", responses=documented(401, 410, 422, 503))
async def rewards(who: Caller, people: Store, after: Cursor = None, limit: Limit = 50) -> Rewards:
    """What earned points, the newest first."""
    before = NEWEST if after is None else int(cursor.decode(after, _NUMBER)[0])
    async with people.pool.connection() as connection:
        await refuse_deleted(connection, who)
        found = await ledger.page(connection, who.user, before, limit + 1)
    following = cursor.encode(str(found[limit - 1][0])) if len(found) > limit else None
    return Rewards(rewards=[one for _, one in found[:limit]], next=following)


@router.get("/consents", responses=documented(401, 410, 503))
async def list_consents(who: Caller, people: Store) -> list[Consent]:
    """The decision that counts, of each purpose that the person decided on."""
    async with people.pool.connection() as connection:
        await refuse_deleted(connection, who)
        return await consents.latest(connection, who.user)


@router.put("/consents/{purpose}", responses=documented(401, 410, 422, 503))
async def consent(who: Caller, people: Store, purpose: Purpose, decision: Decision) -> Consent:
    """Grants or withdraws; earlier decisions are kept."""
    async with people.change(who) as connection:
        return await consents.decide(connection, who.user, purpose, decision)


@router.get("/export", responses=documented(401, 410, 503))
async def export(who: Caller, people: Store) -> Exported:
    """Everything that this service has of the person, by table."""
    async with people.pool.connection() as connection:
        await refuse_deleted(connection, who)
        return await account.export(connection, who.user)


@router.delete("", status_code=202, responses=documented(401, 503))
async def delete(who: Caller, people: Store, now: Now) -> Deletion:
    """Ends the account; again, it answers as the first time."""
    async with people.pool.connection() as connection:
        await begin_change(connection, who.user)
        ended = await deleted_at(connection, who.user)
        if ended is None or who.expires > account.tokens_end(ended).timestamp():
            ended = now
            await account.delete(connection, who.user, now)
        else:
            await connection.rollback()
    await people.mirror.refresh(who.user)
    people.relay.wake()
    return Deletion(deleted_at=ended, erased_everywhere_by=ended + account.AGAIN_AFTER[-1])
