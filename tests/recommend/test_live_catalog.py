"""The catalog follows what content publishes: an index on the real model, fed by a real topic."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from contracts.connections import kafka_client
from contracts.content_events import Content, ContentEvent, encode
from local.engines.kafka import Kafka
from local.toolchain import tools
from services.kit import consumer
from services.kit.topics import ensure_topic
from services.recommend.content.catalog import Catalog, Item
from services.recommend.content.embedding import Embedder
from services.recommend.content.live import LiveCatalog, item_of
from services.recommend.selection.criteria import Criteria

pytestmark = pytest.mark.integration
RELEASED = Item(1, "Box breathing", "Breathe in and out.", "breathing", 4, "en", ["breath"])
OCEAN = Content("sound", "en-GB", "Ocean waves", "Waves roll onto the beach.", 241, ["sea"], "Mara")
FOREST = Content("sound", "en", "Rain forest", "Rain falls on leaves.", 300, ["rain"])


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(tools.model())


@pytest.fixture
def catalog(embedder: Embedder) -> LiveCatalog:
    return LiveCatalog(embedder, Catalog(embedder, [RELEASED]))


def event(item: int, version: int, content: Content | None) -> bytes:
    return encode(ContentEvent(str(uuid4()), item, version, 0, content))


def titles(catalog: LiveCatalog, embedder: Embedder, text: str = "waves of the sea") -> list[str]:
    anything = Criteria(None, None, frozenset(), frozenset(), frozenset())
    return [item.title for item in catalog.search(embedder.embed([text])[0], anything, limit=5)]


def test_an_item_as_answers_know_it() -> None:
    item = item_of(7, OCEAN)
    assert (item.id, item.minutes, item.language, item.voice) == (7, 5, "en", "Mara")


async def test_what_is_published_takes_the_place_of_the_release(catalog: LiveCatalog, embedder: Embedder) -> None:
    assert titles(catalog, embedder) == ["Box breathing"]
    await catalog.handle(event(7, 2, OCEAN))
    await catalog.handle(event(8, 2, FOREST))
    assert titles(catalog, embedder) == ["Ocean waves", "Rain forest"]
    await catalog.handle(event(7, 1, FOREST))  # a record that was sent again
    assert titles(catalog, embedder)[0] == "Ocean waves"
    await catalog.handle(event(7, 3, None))
    await catalog.handle(event(7, 2, OCEAN))
    assert titles(catalog, embedder) == ["Rain forest"]
    await catalog.handle(event(8, 3, None))
    assert titles(catalog, embedder) == ["Box breathing"]


async def test_what_costs_something_answers_no_stress(catalog: LiveCatalog, embedder: Embedder) -> None:
    await catalog.handle(event(7, 2, OCEAN))
    await catalog.handle(event(8, 2, FOREST))
    premium = Content("sound", "en", "Ocean waves", "Waves.", 240, entitlement="premium")
    await catalog.handle(event(7, 3, premium))
    assert titles(catalog, embedder) == ["Rain forest"]


async def test_every_process_reads_the_topic_from_its_beginning(
    catalog: LiveCatalog, embedder: Embedder, kafka: Kafka
) -> None:
    topic, options = "recommend-live", dict[str, Any](bootstrap_servers=kafka.bootstrap)
    following = asyncio.create_task(consumer.follow(options, topic, catalog.handle))
    ensure_topic(kafka_client(kafka.bootstrap), topic, partitions=2, retention_ms=None)
    async with AIOKafkaProducer(**options) as producer:
        await producer.send_and_wait(topic, event(7, 2, OCEAN), b"7")
        await producer.send_and_wait(topic, b"{", b"8")
        await producer.send_and_wait(topic, event(9, 2, FOREST), b"9")
    later = LiveCatalog(embedder, Catalog(embedder, [RELEASED]))
    also = asyncio.create_task(consumer.follow(options, topic, later.handle))
    try:
        async with asyncio.timeout(60):
            while not all(len(titles(one, embedder)) == 2 for one in (catalog, later)):
                assert not following.done()
                assert not also.done()
                await asyncio.sleep(0.05)
    finally:
        following.cancel()
        also.cancel()
