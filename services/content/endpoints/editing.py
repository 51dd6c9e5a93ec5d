"""What editors do: items are made as drafts, changed by ETag, and published or withdrawn."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from services.content import items
from services.content.endpoints.catalogue import missing, page
from services.content.endpoints.dependencies import Cursor, Editor, Id, IfMatch, Limit, Store
from services.content.items import Filter
from services.content.schemas import Decision, Draft, EditedItem, EditedItems, State
from services.kit import idempotency
from services.kit.database import Connection
from services.kit.etag import etag, require_match
from services.kit.idempotency import Answer
from services.kit.problems import Problem, documented

_CHANGE = documented(401, 403, 404, 409, 412, 422, 428, 503)
router = APIRouter()


@router.post("/items", status_code=201, response_model=EditedItem, responses=documented(401, 403, 422, 503))
async def create(who: Editor, store: Store, draft: Draft, idempotency_key: idempotency.Key = None) -> Any:
    """Makes a draft."""
    async with store.pool.connection() as connection:

        async def work() -> Answer:
            return Answer(201, (await items.create(connection, draft)).model_dump_json().encode())

        request = f"items {draft.model_dump_json()}".encode()
        return await idempotency.once(connection, who.user, idempotency_key, request, work)


@router.get("/items", responses=documented(401, 403, 422, 503))
async def list_all(
    _: Editor, store: Store, state: State | None = None, after: Cursor = None, limit: Limit = 50
) -> EditedItems:
    """Items in any state, newest first."""
    async with store.pool.connection() as connection:
        found, following = await page(connection, Filter(state), after, limit)
    return EditedItems(items=list(found), next=following)


@router.get("/items/{item}", responses=documented(401, 403, 404, 422, 503))
async def get(_: Editor, store: Store, item: Id, response: Response) -> EditedItem:
    """An item in any state."""
    async with store.pool.connection() as connection:
        found = await items.get(connection, item)
    if found is None:
        raise missing(item)
    response.headers["ETag"] = etag(found.version)
    return found


@router.put("/items/{item}", responses=_CHANGE)
async def replace(
    _: Editor, store: Store, item: Id, draft: Draft, response: Response, if_match: IfMatch = None
) -> EditedItem:
    """Replaces what an item says; apps see it at once if it is published."""
    async with store.pool.connection() as connection:
        await held(connection, item, if_match)
        changed = await items.replace(connection, item, draft)
    return _told(store, changed, response)


@router.put("/items/{item}/state", responses=_CHANGE)
async def decide(
    _: Editor, store: Store, item: Id, decision: Decision, response: Response, if_match: IfMatch = None
) -> EditedItem:
    """Publishes or withdraws an item."""
    async with store.pool.connection() as connection:
        found = await held(connection, item, if_match)
        if decision.state is State.DRAFT:
            raise Problem(409, "what was published is withdrawn and does not become a draft again")
        if decision.state is State.WITHDRAWN and found.state is State.DRAFT:
            raise Problem(409, "a draft is not published, so there is nothing to withdraw")
        if decision.state is State.PUBLISHED and found.media is None:
            raise Problem(409, "an item is published with its recording: upload one first")
        changed = await items.decide(connection, item, decision.state)
    return _told(store, changed, response)


async def held(connection: Connection, item: int, if_match: str | None) -> EditedItem:
    """The item, its row held by this transaction; raises Problem 404, 412 and 428."""
    found = await items.get(connection, item, lock=True)
    if found is None:
        raise missing(item)
    require_match(if_match, found.version)
    return found


def _told(store: Store, changed: EditedItem, response: Response) -> EditedItem:
    store.relay.wake()
    response.headers["ETag"] = etag(changed.version)
    return changed
