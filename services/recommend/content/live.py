"""What content has published, as an index that follows its topic; until something is, the catalog of the release.

Each process reads the topic from its beginning, which is the whole catalogue. Of an item the highest version holds.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Protocol

from numpy import float32
from numpy.typing import NDArray

from contracts.content_events import Content, read
from services.kit import logs
from services.kit.rejected import of_record
from services.recommend.content import collection
from services.recommend.content.catalog import Catalog, Item, find, point
from services.recommend.content.embedding import Embedder
from services.recommend.selection.criteria import Criteria

log = logs.get(__name__)


class Searched(Protocol):
    """What answers are chosen from."""

    def search(self, query: NDArray[float32], criteria: Criteria, limit: int = 1) -> list[Item]: ...


class LiveCatalog:
    """`released` is searched until something is published that needs no entitlement."""

    def __init__(self, embedder: Embedder, released: Catalog, url: str = "") -> None:
        """`url` is that of a Qdrant server; without it, Qdrant runs in this process.

        Raises UnusableCollection, and ApiException when the server does not answer.
        """
        self._embedder = embedder
        self._released = released
        self._client = collection.connect(url)
        self._name = f"content-live-{embedder.model}"
        collection.load(self._client, self._name, [], indexed=bool(url))
        self._lock = threading.Lock()  # Qdrant in this process takes one call at a time
        self._versions: dict[int, int] = {}
        self._published: set[int] = set()

    async def handle(self, value: bytes) -> None:
        """Applies an event of content; raises DecodeError, and ApiException when the server does not answer."""
        event = read(value)
        if event.version < self._versions.get(event.item, 0):
            return
        with of_record("not an item that Qdrant takes"):
            await asyncio.to_thread(self._apply, event.item, event.content)
        self._versions[event.item] = event.version

    def search(self, query: NDArray[float32], criteria: Criteria, limit: int = 1) -> list[Item]:
        """As of the catalog of the release, over what is published."""
        if not self._published:
            return self._released.search(query, criteria, limit)
        with self._lock:
            return find(self._client, self._name, query, criteria, limit)

    def _apply(self, id: int, content: Content | None) -> None:
        if content is None or content.entitlement:  # an answer to stress costs nothing
            with self._lock:
                collection.remove(self._client, self._name, [id])
            self._published.discard(id)
            return
        item = item_of(id, content)
        written = point(item, self._embedder.embed([item.text])[0])
        with self._lock:
            collection.store(self._client, self._name, [written])
        self._published.add(id)


def item_of(id: int, content: Content) -> Item:
    """A published item as answers know it: a minute that has begun counts."""
    return Item(
        id=id,
        title=content.title,
        description=content.description,
        kind=content.kind,
        minutes=-(-content.seconds // 60),
        language=content.locale.partition("-")[0],
        tags=content.tags,
        voice=content.teacher,
    )
