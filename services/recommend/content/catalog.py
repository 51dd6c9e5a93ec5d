"""The catalog of calming content, indexed in Qdrant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from numpy import float32
from numpy.typing import NDArray
from qdrant_client import QdrantClient
from qdrant_client.models import (
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
)

from services.recommend.content import collection
from services.recommend.content.embedding import Embedder
from services.recommend.selection.criteria import Criteria

CATALOG_FILE = Path(__file__).parent / "catalog.json"
_CANDIDATES = 24
_KIND_BOOST = 0.08
_VOICE_BOOST = 0.04
"""Boosts added to the cosine similarity for a preferred kind and voice: about the difference between one good item
and the next, so they decide between suitable items and never promote an unsuitable one."""


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
        """The text that is embedded."""
        return f"{self.title}. {self.description} {', '.join(self.tags)}"


def load_items(file: Path = CATALOG_FILE) -> list[Item]:
    """The items of a catalog file; raises msgspec.ValidationError naming the invalid field."""
    return msgspec.json.decode(file.read_bytes(), type=list[Item])


class Catalog:
    """Vector search over the items."""

    def __init__(self, embedder: Embedder, items: Sequence[Item], url: str = "") -> None:
        """`url` is that of a Qdrant server; without it, Qdrant runs in this process.

        Raises UnusableCollection, and ApiException when the server does not answer.
        """
        self._client = collection.connect(url)
        self._name = collection.name_of(embedder.model, [msgspec.json.encode(item) for item in items])
        vectors = embedder.embed([item.text for item in items])
        points = [point(item, vector) for item, vector in zip(items, vectors, strict=True)]
        collection.load(self._client, self._name, points, indexed=bool(url))

    def search(self, query: NDArray[float32], criteria: Criteria, limit: int = 1) -> list[Item]:
        """The items nearest to `query` (a unit vector of DIMENSIONS) that meet the criteria, the best first.

        Raises ApiException when the server does not answer.
        """
        return find(self._client, self._name, query, criteria, limit)


def point(item: Item, vector: NDArray[float32]) -> PointStruct:
    """The item in a collection."""
    return PointStruct(id=item.id, vector=vector.tolist(), payload=msgspec.to_builtins(item))


def find(client: QdrantClient, name: str, query: NDArray[float32], criteria: Criteria, limit: int) -> list[Item]:
    """The items of a collection that are nearest to `query` and meet the criteria, the best first."""
    found = client.query_points(
        name,
        prefetch=Prefetch(query=query.tolist(), filter=_filter(criteria), limit=max(limit, _CANDIDATES)),
        query=FormulaQuery(formula=_score(criteria)),
        limit=limit,
    )
    return [msgspec.convert(point.payload, Item) for point in found.points]


def _filter(criteria: Criteria) -> Filter:
    must: list[FieldCondition] = []
    if criteria.language is not None:
        must.append(FieldCondition(key="language", match=MatchValue(value=criteria.language)))
    if criteria.max_minutes is not None:
        must.append(FieldCondition(key="minutes", range=Range(lte=criteria.max_minutes)))
    return Filter(
        must=[*must] or None,
        must_not=[HasIdCondition(has_id=list(criteria.recently_played))] if criteria.recently_played else None,
    )


def _score(criteria: Criteria) -> SumExpression:
    terms: list[Expression] = ["$score"]
    for key, preferred, boost in (
        ("kind", criteria.kinds, _KIND_BOOST),
        ("voice", criteria.voices, _VOICE_BOOST),
    ):
        if preferred:
            condition = FieldCondition(key=key, match=MatchAny(any=sorted(preferred)))
            terms.append(MultExpression(mult=[boost, condition]))
    return SumExpression(sum=terms)
