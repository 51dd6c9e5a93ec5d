"""The catalogue of calming content in Qdrant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from numpy import float32
from numpy.typing import NDArray
from qdrant_client import QdrantClient
from qdrant_client.models import (
    Distance,
    Expression,
    FieldCondition,
    Filter,
    FormulaQuery,
    HasIdCondition,
    MatchAny,
    MatchValue,
    MultExpression,
    PointStruct,
    Prefetch,
    Range,
    SumExpression,
    VectorParams,
)

from services.recommend.content.embedding import DIMENSIONS, Embedder
from services.recommend.selection.criteria import Wish

CATALOG = Path(__file__).parent / "catalog.json"
_COLLECTION = "content"
_CANDIDATES = 24
_LIKED_KIND = 0.08
_LIKED_VOICE = 0.04
"""What a liked kind and voice add to the cosine similarity: about what lies between one good item and the next, so
that they decide between what suits and never make something suit that does not."""


class Item(msgspec.Struct, frozen=True):
    """A piece of content; `minutes` is its length, `language` an ISO 639-1 code, `voice` its narrator if it has one."""

    id: int
    title: str
    description: str
    kind: str
    minutes: int
    language: str
    tags: list[str]
    voice: str = ""

    @property
    def text(self) -> str:
        """What is embedded."""
        return f"{self.title}. {self.description} {', '.join(self.tags)}"


def catalogue(file: Path = CATALOG) -> list[Item]:
    """The items of a catalogue file; raises msgspec.ValidationError naming the field that is wrong."""
    return msgspec.json.decode(file.read_bytes(), type=list[Item])


class Library:
    """Items by meaning."""

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

    def suited(self, query: NDArray[float32], wish: Wish, limit: int = 1) -> list[Item]:
        """The items nearest to `query` (a unit vector of DIMENSIONS) within the wish's bounds, the best first."""
        found = self._client.query_points(
            _COLLECTION,
            prefetch=Prefetch(query=query.tolist(), filter=_bounds(wish), limit=max(limit, _CANDIDATES)),
            query=FormulaQuery(formula=_score(wish)),
            limit=limit,
        )
        return [msgspec.convert(point.payload, Item) for point in found.points]


def _bounds(wish: Wish) -> Filter:
    must: list[FieldCondition] = []
    if wish.language is not None:
        must.append(FieldCondition(key="language", match=MatchValue(value=wish.language)))
    if wish.longest is not None:
        must.append(FieldCondition(key="minutes", range=Range(lte=wish.longest)))
    return Filter(
        must=[*must] or None,
        must_not=[HasIdCondition(has_id=list(wish.heard))] if wish.heard else None,
    )


def _score(wish: Wish) -> SumExpression:
    terms: list[Expression] = ["$score"]
    for key, liked, weight in (("kind", wish.kinds, _LIKED_KIND), ("voice", wish.voices, _LIKED_VOICE)):
        if liked:
            condition = FieldCondition(key=key, match=MatchAny(any=sorted(liked)))
            terms.append(MultExpression(mult=[weight, condition]))
    return SumExpression(sum=terms)
