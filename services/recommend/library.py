"""The catalogue of calming content in Qdrant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
from qdrant_client import QdrantClient
from qdrant_client.models import (
    Distance,
    FieldCondition,
    Filter,
    HasIdCondition,
    MatchValue,
    PointStruct,
    Range,
    VectorParams,
)

from services.recommend.embedding import DIMENSIONS, Embedder
from services.recommend.need import CALMING, CRISIS, PANIC, Need

CATALOG = Path(__file__).parent / "catalog.json"
_COLLECTION = "content"


class Item(msgspec.Struct, frozen=True):
    """A piece of content; `minutes` is its length, `language` an ISO 639-1 code."""

    id: int
    title: str
    description: str
    kind: str
    minutes: int
    language: str
    tags: list[str]

    @property
    def text(self) -> str:
        """What is embedded."""
        return f"{self.title}. {self.description} {', '.join(self.tags)}"


def catalogue(file: Path = CATALOG) -> list[Item]:
    """The items of a catalogue file; raises msgspec.ValidationError naming the field that is wrong."""
    return msgspec.json.decode(file.read_bytes(), type=list[Item])


class Library:
    """Items by meaning. The queries are few and fixed, so their vectors are computed once."""

    def __init__(self, embedder: Embedder, items: Sequence[Item], client: QdrantClient | None = None) -> None:
        self._client = client or QdrantClient(":memory:")
        if not self._client.collection_exists(_COLLECTION):
            self._client.create_collection(_COLLECTION, VectorParams(size=DIMENSIONS, distance=Distance.COSINE))
        vectors = embedder.embed([item.text for item in items])
        self._client.upsert(
            _COLLECTION,
            [
                PointStruct(id=item.id, vector=vector.tolist(), payload=msgspec.to_builtins(item))
                for item, vector in zip(items, vectors, strict=True)
            ],
        )
        needs = (CALMING, CRISIS, PANIC)
        self._queries = {
            need: v.tolist() for need, v in zip(needs, embedder.embed([n.query for n in needs]), strict=True)
        }

    def suited(self, need: Need, language: str, heard: Collection[int], limit: int = 1) -> list[Item]:
        """The best items for `need` in `language`, not longer than the need allows and not among those `heard`."""
        found = self._client.query_points(
            _COLLECTION,
            query=self._queries[need],
            query_filter=Filter(
                must=[
                    FieldCondition(key="language", match=MatchValue(value=language)),
                    FieldCondition(key="minutes", range=Range(lte=need.longest)),
                ],
                must_not=[HasIdCondition(has_id=list(heard))] if heard else None,
            ),
            limit=limit,
        )
        return [msgspec.convert(point.payload, Item) for point in found.points]
