"""The collection of the catalog in Qdrant: one for each model and catalog, so that Pods of two releases do not meet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from http import HTTPStatus

from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse
from qdrant_client.models import Distance, PayloadSchemaType, PointIdsList, PointStruct, VectorParams

from services.recommend.content.embedding import DIMENSIONS

_VECTORS = VectorParams(size=DIMENSIONS, distance=Distance.COSINE)
_INDEXED = {
    "language": PayloadSchemaType.KEYWORD,
    "kind": PayloadSchemaType.KEYWORD,
    "voice": PayloadSchemaType.KEYWORD,
    "minutes": PayloadSchemaType.INTEGER,
}
"""A server filters and boosts by these fields; the embedded mode has no indexes."""
_TIMEOUT_SECONDS = 5
_OF_THE_POINTS = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}


class RefusedPoints(ValueError):
    """The server does not take the points for what they are: sent again, it would say the same."""


class UnusableCollection(RuntimeError):
    """The server has a collection of that name for other vectors."""


def connect(url: str) -> QdrantClient:
    """A client of the server at `url`; without one, Qdrant embedded in this process."""
    return QdrantClient(url=url, timeout=_TIMEOUT_SECONDS) if url else QdrantClient(":memory:")


def name_of(model: str, texts: Sequence[bytes]) -> str:
    """Equal for equal models and items: what has that name never changes."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(hashlib.sha256(text).digest())
    return f"content-{model}-{digest.hexdigest()[:16]}"


def load(client: QdrantClient, name: str, points: Sequence[PointStruct], *, indexed: bool) -> None:
    """Makes the collection, unless another Pod has, and writes the points; repeated, it changes nothing.

    Raises UnusableCollection, and ApiException when the server does not answer or refuses.
    """
    if not client.collection_exists(name):
        try:
            client.create_collection(name, _VECTORS)
        except UnexpectedResponse as error:
            if error.status_code != HTTPStatus.CONFLICT:  # another Pod was faster
                raise
    found = client.get_collection(name).config.params.vectors
    if not isinstance(found, VectorParams) or (found.size, found.distance) != (_VECTORS.size, _VECTORS.distance):
        raise UnusableCollection(
            f"Qdrant has a collection {name} for {found}, not for {DIMENSIONS} dimensions by cosine; it is as it was. "
            "Delete it, and this service makes it anew"
        )
    if indexed:
        for field, schema in _INDEXED.items():
            client.create_payload_index(name, field, schema, wait=True)
    if points:
        store(client, name, points)


def store(client: QdrantClient, name: str, points: Sequence[PointStruct]) -> None:
    """Writes points, in place of those with their ids. Raises RefusedPoints, and ApiException for all else."""
    try:
        client.upsert(name, list(points), wait=True)
    except UnexpectedResponse as error:
        if error.status_code in _OF_THE_POINTS:
            raise RefusedPoints(f"Qdrant refuses {len(points)} points: {error}") from error
        raise


def remove(client: QdrantClient, name: str, ids: Sequence[int]) -> None:
    """Takes points out; those that are not there are not missed."""
    client.delete(name, PointIdsList(points=list(ids)), wait=True)
