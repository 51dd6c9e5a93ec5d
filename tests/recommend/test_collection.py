"""The collection of the catalog, in Qdrant's embedded mode; what a server does besides is not run here."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from msgspec import DecodeError
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ApiException
from qdrant_client.models import Distance, PointStruct, VectorParams

from services.kit.rejected import of_record
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


class Refusing(BaseHTTPRequestHandler):
    """Answers each change with the status in the name of its collection, in the form of Qdrant's errors."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"status": {"error": "Wrong input"}, "time": 0}'
        self.send_response(int(self.path.split("/")[2]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.mark.filterwarnings("ignore:Failed to obtain server version:UserWarning")
def test_points_that_a_server_never_takes_are_told_from_a_server_that_does_not_answer() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever).start()
        try:
            client = collection.connect(f"http://127.0.0.1:{server.server_port}")
            for status in ("400", "422"):
                with pytest.raises(DecodeError, match="Qdrant refuses 3 points"), of_record("not an item"):
                    collection.store(client, status, POINTS)
            for status in ("429", "500", "503"):
                with pytest.raises(ApiException), of_record("not an item"):
                    collection.store(client, status, POINTS)
        finally:
            server.shutdown()
