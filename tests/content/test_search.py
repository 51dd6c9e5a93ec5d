"""Search on a real OpenSearch: what is found, the index after changes, and search while the index is built anew."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr

from contracts.content_events import read
from contracts.platform import TOPIC_CONTENT_EVENTS
from local.engines.opensearch import OpenSearch
from services.content.app import create
from services.content.reindex import rebuild
from services.content.search import building, mapping
from services.content.search.engine import CONNECTIONS, READS, Engine
from services.content.settings import ContentSettings
from services.kit import database
from tests.content.conftest import DRAFT, EDITOR, Service, client_of, set_state
from tests.fixtures.waiting import until
from tests.history.harness import ServerThread
from tests.kit.refusals import dead_letters

pytestmark = pytest.mark.integration
ITEMS: dict[str, dict[str, Any]] = {
    "breath": {"title": "Breathing through a storm", "description": "Slow breaths until the pulse settles."},
    "ocean": {"title": "Ocean waves", "kind": "sound", "tags": ["sea", "night"], "seconds": 1800},
    "walk": {"title": "A walk by the sea", "kind": "imagery", "teacher": "Mara", "entitlement": "premium"},
    "traum": {"title": "Traumreise in die Berge", "locale": "de", "description": "Eine Reise zu ruhigen Bergen."},
    "dawn": {"title": "Zephyr at dawn", "tags": ["wind"]},
    "dusk": {"title": "Zephyr at dusk", "tags": ["wind", "evening"], "kind": "music"},
    "mar": {"title": "Olas del mar", "locale": "es", "tags": ["mar"]},
}


@pytest.fixture(scope="module")
def service(settings: ContentSettings, opensearch: OpenSearch, key: ECKey) -> Iterator[Service]:
    here = settings.model_copy(update=client_of(opensearch))
    application = create(here)
    with ServerThread(application, here) as address:
        made = Service(here, application, address, key)
        for name, item in ITEMS.items():
            made.published(work=f"search-{name}", **item)
        app = made.client()
        until("search to answer", lambda: app.get("/search", params={"q": "mar"}).status_code == 200, 60)
        until("the index to follow", lambda: found(app, "olas"), 60)
        yield made
        for client in made.clients:
            client.close()


def found(app: httpx.Client, text: str, **filters: Any) -> list[str]:
    """The works that a search finds, without what other tests published."""
    answer = app.get("/search", params={"q": text, "limit": 50, **filters}).raise_for_status().json()
    works = [item["work"] for item in answer["items"]]
    return [work.removeprefix("search-") for work in works if work.startswith("search-")]


@pytest.mark.parametrize(
    ("text", "filters", "expected"),
    [
        ("breath", {}, ["breath"]),
        ("braething", {}, ["breath"]),
        ("ocaen", {}, ["ocean"]),
        ("sea", {}, ["walk", "ocean"]),
        ("sea", {"kind": "sound"}, ["ocean"]),
        ("sea", {"max_seconds": 600}, ["walk"]),
        ("sea", {"entitlement": ""}, ["ocean"]),
        ("mara", {"teacher": "Mara"}, ["walk"]),
        ("Berg", {"locale": "de"}, ["traum"]),
        ("reisen", {}, ["traum"]),
        ("ola", {"locale": "es"}, ["mar"]),
        ("ola", {"locale": "en"}, []),
        ("zzzzzz", {}, []),
        ('"; drop {"', {}, []),
    ],
)
def test_what_is_found(service: Service, text: str, filters: dict[str, Any], expected: list[str]) -> None:
    assert found(service.client(), text, **filters) == expected


def test_facets_count_all_that_was_found_and_pages_have_each_item_once(service: Service) -> None:
    app = service.client()
    whole = app.get("/search", params={"q": "zephyr"}).json()
    assert whole["facets"]["tags"] == [{"value": "wind", "count": 2}, {"value": "evening", "count": 1}]
    seen, cursor = list[int](), None
    while True:
        parameters = {"q": "zephyr", "limit": 1, **({"after": cursor} if cursor else {})}
        page = app.get("/search", params=parameters).raise_for_status().json()
        assert page["total"] == whole["total"]
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert len(seen) == 2
    assert seen == [item["id"] for item in whole["items"]]


def test_titles_are_suggested_by_the_words_that_they_begin_with(service: Service) -> None:
    app = service.client()
    assert app.get("/suggestions", params={"q": "wal"}).json() == {"suggestions": ["A walk by the sea"]}
    assert app.get("/suggestions", params={"q": "ocean wa", "locale": "de"}).json() == {"suggestions": []}


async def test_many_searches_at_once_share_few_connections_and_are_all_answered(
    service: Service, opensearch: OpenSearch
) -> None:
    engine = Engine(service.settings.opensearch_client)
    searches = [engine.search({"query": {"match_all": {}}}) for _ in range(5 * CONNECTIONS)]
    before = connections_to(opensearch)
    answers = await asyncio.gather(*searches)
    assert all(answer["hits"]["total"]["value"] for answer in answers)
    assert 1 <= len(connections_to(opensearch) - before) <= CONNECTIONS
    await engine.close()


def connections_to(opensearch: OpenSearch) -> set[int]:
    """The file descriptors of this process's connections to the node."""
    found = psutil.Process().net_connections("tcp4")
    return {one.fd for one in found if one.raddr == (opensearch.address, opensearch.port)}


def test_a_change_is_found_and_a_withdrawn_item_is_not(service: Service) -> None:
    app, editor = service.client(), service.client(roles=[EDITOR])
    item = service.published(work="search-change", title="Quillwort")
    until("the index to follow", lambda: found(app, "quillwort") == ["change"])
    changed = editor.put(
        f"/admin/items/{item['id']}",
        json={**DRAFT, "work": "search-change", "title": "Butterwort"},
        headers={"If-Match": '"2"'},
    ).raise_for_status()
    until("the index to follow", lambda: found(app, "butterwort") == ["change"] and found(app, "quillwort") == [])
    set_state(editor, changed.json(), "withdrawn").raise_for_status()
    until("the index to follow", lambda: found(app, "butterwort") == [])


def test_while_the_index_is_built_anew_search_answers_and_no_change_is_lost(service: Service) -> None:
    app, editor = service.client(), service.client(roles=[EDITOR])
    before = asyncio.run(indexes(service))
    item, ended, answers = service.published(work="search-anew", title="Saxifrage 0"), threading.Event(), list[int]()

    def ask() -> None:
        with httpx.Client(base_url=app.base_url, headers=app.headers, timeout=20) as own:
            while not ended.is_set():
                answers.append(own.get("/search", params={"q": "ocean"}).status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        building = threading.Thread(target=lambda: asyncio.run(rebuild(service.settings)))
        building.start()
        for number in range(1, 6):
            item = (
                editor.put(
                    f"/admin/items/{item['id']}",
                    json={**DRAFT, "work": "search-anew", "title": f"Saxifrage {number}"},
                    headers={"If-Match": f'"{item["version"]}"'},
                )
                .raise_for_status()
                .json()
            )
        building.join(120)
    finally:
        ended.set()
        asking.join(30)
    assert set(answers) == {200}
    after = asyncio.run(indexes(service))
    assert (len(after), set(after) & set(before)) == (1, set())
    until("the index to follow", lambda: titles(app, "saxifrage") == ["Saxifrage 5"])
    assert found(app, "breath") == ["breath"]


NARROW = {"mappings": {"dynamic": "strict", "properties": {"id": {"type": "long"}, "published": {"type": "boolean"}}}}
"""An index that takes withdrawn items only."""


async def test_a_document_that_opensearch_refuses_stops_no_other_and_is_told(service: Service) -> None:
    engine, odd = Engine(service.settings.opensearch_client), "content-narrow"
    await engine.create(odd, NARROW)
    try:
        refused = service.published(work="search-refused", title="Speedwell")
        service.published(work="search-behind", title="Pimpernel")
        app = service.client()
        await asyncio.to_thread(until, "what came behind it", lambda: found(app, "pimpernel") == ["behind"])
        documents = {(1, 1): {"id": 1, "title": "no field"}, (2, 1): {"id": 2, "published": False}}
        reasons = await engine.write([odd], documents)
        assert reasons.keys() == {1}
        assert "strict_dynamic_mapping_exception" in reasons[1]
        # The two events may be of two partitions, so only its dead letter shows that it was written to the odd index.
        (kept,) = await dead_letters(
            service.settings.kafka_bootstrap,
            TOPIC_CONTENT_EVENTS,
            wanted=lambda letter: read(letter.value).item == refused["id"],
        )
        assert "OpenSearch does not take the item: strict_dynamic_mapping_exception" in kept.reason
    finally:
        await engine.delete(odd)
        await engine.close()
    await asyncio.to_thread(until, "it in the other index", lambda: found(app, "speedwell") == ["refused"])


def test_the_index_of_another_timeline_of_the_database_is_built_anew(service: Service) -> None:
    """As after a promotion: what it has may never have reached the database that was promoted."""
    app = service.client()
    older = asyncio.run(put_aside(service))
    assert found(app, "breath") == []
    asyncio.run(ensured(service))
    (now,) = asyncio.run(indexes(service))
    timeline = service.query("select lower(left(pg_walfile_name(pg_current_wal_lsn()), 8))")[0][0]
    assert (now.split("-")[2], now != older) == (timeline, True)
    assert found(app, "breath") == ["breath"]


async def put_aside(service: Service) -> str:
    """An empty index of another timeline is read in place of the present one; returns its name."""
    engine = Engine(service.settings.opensearch_client)
    (present,) = await engine.indexes(READS)
    _, digest, _, moment = present.split("-")
    older = f"content-{digest}-0000ffff-{moment}"
    await engine.create(older, mapping.index())
    await engine.switch(older, [present])
    await engine.close()
    return older


async def ensured(service: Service) -> None:
    engine = Engine(service.settings.opensearch_client)
    async with database.pool(service.settings, size=2) as pool:
        await building.ensure(pool, engine)
    await engine.close()


async def indexes(service: Service) -> list[str]:
    return await Engine(service.settings.opensearch_client).indexes(READS)


def titles(app: httpx.Client, text: str) -> list[str]:
    return [item["title"] for item in app.get("/search", params={"q": text}).json()["items"]]


def test_without_opensearch_search_is_503_with_retry_after_and_the_catalogue_is_served(
    service: Service, settings: ContentSettings
) -> None:
    here = settings.model_copy(update={"opensearch_url": "http://127.0.0.1:1"})
    with ServerThread(create(here), here) as address:
        pod = Service(here, service.app, address, service.key)
        app = pod.client()
        answer = app.get("/search", params={"q": "ocean"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert app.get("/items").status_code == 200
        assert pod.published(work="search-later", title="Campion")["state"] == "published"
        for client in pod.clients:
            client.close()
    until("the index to follow", lambda: found(service.client(), "campion") == ["later"])


@pytest.mark.parametrize("wrong", [{"opensearch_password": SecretStr("another")}, {"ca_file": ""}], ids=str)
def test_without_the_password_or_the_authority_there_is_no_search(service: Service, wrong: dict[str, Any]) -> None:
    here = service.settings.model_copy(update=wrong)
    with ServerThread(create(here), here) as address:
        pod = Service(here, service.app, address, service.key)
        app = pod.client()
        assert app.get("/search", params={"q": "ocean"}).status_code == 503
        assert app.get("/items").status_code == 200
        app.close()
