"""The collection of the catalog, in Qdrant's embedded mode; what a server does besides is not run here."""

from __future__ import annotations

import pytest
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ApiException
from qdrant_client.models import Distance, PointStruct, VectorParams

from services.recommend.content import collection
from services.recommend.content.collection import UnusableCollection
from services.recommend.content.embedding import DIMENSIONS

POINTS = [PointStruct(id=n, vector=[float(n == i) for i in range(DIMENSIONS)], payload={"n": n}) for n in range(3)]


@pytest.fixture
def client() -> QdrantClient:
    return QdrantClient(":memory:")


def test_pods_that_load_the_same_catalog_leave_it_as_it_is(client: QdrantClient) -> None:
    for _ in range(2):
        collection.load(client, "content", POINTS, indexed=False)
    assert client.count("content").count == len(POINTS)
    found = client.query_points("content", query=POINTS[1].vector, limit=1).points  # pyright: ignore[reportArgumentType]
    assert found[0].payload == {"n": 1}


def test_a_collection_of_other_vectors_is_refused_and_kept(client: QdrantClient) -> None:
    client.create_collection("content", VectorParams(size=4, distance=Distance.COSINE))
    client.upsert("content", [PointStruct(id=1, vector=[1, 0, 0, 0])])
    with pytest.raises(UnusableCollection, match=f"not for {DIMENSIONS} dimensions by cosine; it is as it was"):
        collection.load(client, "content", POINTS, indexed=False)
    assert client.count("content").count == 1


def test_another_model_and_another_item_have_a_collection_of_their_own() -> None:
    same = collection.name_of("model", [b"one", b"two"])
    assert same == collection.name_of("model", [b"one", b"two"])
    others = {
        collection.name_of("another", [b"one", b"two"]),
        collection.name_of("model", [b"one"]),
        collection.name_of("model", [b"onetwo"]),
        collection.name_of("model", [b"two", b"one"]),
    }
    assert same not in others
    assert len(others) == 4


@pytest.mark.filterwarnings("ignore:Failed to obtain server version:UserWarning")
def test_a_server_that_does_not_answer_is_an_error_of_the_client() -> None:
    with pytest.raises(ApiException):
        collection.load(collection.connect("http://127.0.0.1:1"), "content", POINTS, indexed=True)
