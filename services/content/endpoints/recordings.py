"""Recordings: editors upload them in parts, straight to S3; people play them by signed URLs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from fastapi import APIRouter, Response

from services.content import items
from services.content.endpoints.catalogue import missing, published
from services.content.endpoints.dependencies import Catalogue, Editor, Id, Media, Now, Store
from services.content.media import uploads
from services.content.media.bucket import URL_SECONDS, BucketUnavailable, NotUploaded
from services.content.schemas import Announcement, Completion, EditedItem, PartUrl, Playback, Upload
from services.content.schemas import Media as Recording
from services.kit.authentication import Caller
from services.kit.etag import etag
from services.kit.problems import Problem, documented, unavailable

router = APIRouter()


@router.get("/items/{item}/playback", responses=documented(401, 403, 404, 422, 503))
async def playback(who: Caller, store: Store, media: Media, item: Id, now: Now) -> Playback:
    """A URL of the item's recording; 403 without the role that it demands."""
    found = await published(store, item)
    assert found.media is not None  # a constraint of the table
    if found.entitlement and found.entitlement not in who.roles:
        raise Problem(403, f"playback needs the entitlement {found.entitlement}, which this account does not have")
    until = now + media.played_for
    url = media.signer.sign(found.media.key, until)
    return Playback(url=url, content_type=found.media.content_type, expires_at=until)


@router.post("/admin/items/{item}/uploads", status_code=201, responses=documented(401, 403, 404, 422, 503))
async def announce(_: Editor, store: Store, media: Media, item: Id, recording: Announcement, now: Now) -> Upload:
    """Begins the upload of a recording: where each part is PUT."""
    await _existing(store, item)
    id = uuid4()
    key = f"items/{item}/{id}"
    try:
        multipart = await media.bucket.begin(key, recording.content_type)
        urls = [
            await media.bucket.part(key, multipart, number, part.bytes, part.sha256)
            for number, part in enumerate(recording.parts, 1)
        ]
    except (BucketUnavailable, NotUploaded) as error:
        raise unavailable(str(error)) from error
    whole = Recording(key=key, content_type=recording.content_type, bytes=sum(part.bytes for part in recording.parts))
    async with store.pool.connection() as connection:
        upload = uploads.Upload(id=id, item=item, media=whole, parts=recording.parts, multipart=multipart)
        await uploads.store(connection, upload)
    parts = [PartUrl(number=number, url=url, headers=headers) for number, (url, headers) in enumerate(urls, 1)]
    return Upload(id=id, parts=parts, expires_at=now + timedelta(seconds=URL_SECONDS))


@router.post("/admin/uploads/{upload}/completion", responses=documented(401, 403, 404, 409, 422, 503))
async def complete(
    _: Editor, store: Store, media: Media, upload: UUID, completion: Completion, response: Response
) -> EditedItem:
    """Gives the item the recording whose parts are all there; apps play it at once if the item is published.

    What was completed in S3 before the answer was lost is completed by a repeat.
    """
    async with store.pool.connection() as connection:
        found = await uploads.get(connection, upload)
        if found is None:
            raise Problem(404, "there is no such upload, or it is complete: the item says what it has")
        if len(completion.etags) != len(found.parts):
            raise Problem(409, f"the upload has {len(found.parts)} parts; send the ETag of each")
        parts = [(tag, part.sha256) for tag, part in zip(completion.etags, found.parts, strict=True)]
        try:
            await media.bucket.complete(found.media.key, found.multipart, parts)
        except NotUploaded as error:
            if not await _is_there(media, found.media.key):
                raise Problem(409, f"not every part is in S3 as it was announced: {error}") from error
        except BucketUnavailable as error:
            raise unavailable(str(error)) from error
        if await items.get(connection, found.item, lock=True) is None:
            raise missing(found.item)
        changed = await items.record(connection, found.item, found.media)
        await uploads.delete(connection, upload)
    store.relay.wake()
    response.headers["ETag"] = etag(changed.version)
    return changed


async def _is_there(media: Media, key: str) -> bool:
    try:
        return await media.bucket.exists(key)
    except BucketUnavailable as error:
        raise unavailable(str(error)) from error


async def _existing(store: Catalogue, item: int) -> None:
    async with store.pool.connection() as connection:
        if await items.get(connection, item) is None:
            raise missing(item)
