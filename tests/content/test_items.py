"""Items: who makes and changes them, what apps see of them, and what other services are told."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import Consumer

from contracts.content_events import ContentEvent, read
from contracts.platform import TOPIC_CONTENT_EVENTS
from services.auth.tokens import issue
from services.kit.problems import MEDIA_TYPE
from tests.content.conftest import DRAFT, EDITOR, Service, set_state
from tests.fixtures.waiting import until
from tests.kit.odd_requests import assert_answered

pytestmark = pytest.mark.integration


def test_a_draft_is_nobodys_but_its_editors_until_it_is_published(service: Service) -> None:
    editor, app = service.client(roles=[EDITOR]), service.client("eve")
    draft = editor.post("/admin/items", json={**DRAFT, "work": "life"}).raise_for_status().json()
    assert app.get(f"/items/{draft['id']}").status_code == 404
    refused = set_state(editor, draft, "published")
    assert (refused.status_code, "upload one first" in refused.json()["detail"]) == (409, True)
    item = service.published(work="life")
    assert [one["id"] for one in app.get("/items", params={"work": "life"}).json()["items"]] == [item["id"]]
    got = app.get(f"/items/{item['id']}")
    assert got.json().keys() & {"media", "version", "state"} == set()
    again = app.get(f"/items/{item['id']}", headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    withdrawn = set_state(editor, item, "withdrawn").raise_for_status().json()
    assert app.get(f"/items/{item['id']}").status_code == 404
    assert set_state(editor, withdrawn, "draft").status_code == 409
    assert set_state(editor, draft, "withdrawn").status_code == 409


def test_of_changes_at_once_one_is_stored(service: Service) -> None:
    editor = service.client(roles=[EDITOR])
    item = editor.post("/admin/items", json={**DRAFT, "work": "race"}).json()
    path, seen = f"/admin/items/{item['id']}", {"If-Match": '"1"'}
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda i: editor.put(path, json={**DRAFT, "title": f"n{i}"}, headers=seen).status_code, range(6))
        )
    assert sorted(answers) == [200] + [412] * 5
    assert editor.put(path, json=DRAFT).status_code == 428


def test_a_repeated_creation_makes_one_item(service: Service) -> None:
    editor = service.client(roles=[EDITOR])
    answers = [
        editor.post("/admin/items", json={**DRAFT, "work": "once"}, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert service.query("select count(*) from items where work = 'once'") == [(1,)]


def test_pages_have_every_item_once_while_others_are_added(service: Service) -> None:
    made = [service.published(work="pages", tags=["t"], kind="music")["id"] for _ in range(5)]
    app, seen, cursor = service.client(), list[int](), None
    while True:
        parameters = {"work": "pages", "limit": "2", **({"after": cursor} if cursor else {})}
        page = app.get("/items", params=parameters).raise_for_status().json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
        service.published(work="pages")
    assert seen == made[::-1]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"kind": "music"}, {"long"}),
        ({"locale": "de"}, {"german"}),
        ({"tag": "sea"}, {"long", "german"}),
        ({"max_seconds": "600"}, {"german"}),
        ({"teacher": "Mara"}, {"german"}),
        ({"entitlement": "premium"}, {"long"}),
        ({"entitlement": ""}, {"german"}),
        ({"tag": "sea", "locale": "en"}, {"long"}),
    ],
)
def test_filters(service: Service, parameters: dict[str, str], found: set[str]) -> None:
    if not service.query("select 1 from items where work = 'filters'"):
        service.published(
            work="filters", title="long", kind="music", seconds=900, tags=["sea", "night"], entitlement="premium"
        )
        service.published(work="filters", title="german", locale="de", tags=["sea"], teacher="Mara")
    answer = service.client().get("/items", params={"work": "filters", **parameters})
    assert {item["title"] for item in answer.json()["items"]} == found


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "opera"},
        {"locale": "english"},
        {"work": "No Slug"},
        {"title": ""},
        {"title": "a\x00b"},
        {"seconds": 0},
        {"state": "published"},
        {"id": 7},
        {"media": {"key": "x"}},
        {"tags": ["x"] * 13},
        {"entitlement": "Premium!"},
    ],
)
def test_what_no_editor_may_set_is_refused(service: Service, wrong: dict[str, Any]) -> None:
    answer = service.client(roles=[EDITOR]).post("/admin/items", json={**DRAFT, "work": "refused", **wrong})
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, MEDIA_TYPE)
    assert service.query("select 1 from items where work = 'refused'") == []


def test_readers_of_the_topic_know_what_is_published(service: Service) -> None:
    editor = service.client(roles=[EDITOR])
    item = service.published(work="told", title="Told")
    item = (
        editor.put(f"/admin/items/{item['id']}", json={**DRAFT, "title": "Told again"}, headers={"If-Match": '"2"'})
        .raise_for_status()
        .json()
    )
    set_state(editor, item, "withdrawn").raise_for_status()
    until("the outbox to be empty", lambda: service.query("select 1 from outbox") == [])
    events = [event for event in events_of(service) if event.item == item["id"]]
    assert [event.content and event.content.title for event in events] == ["Told", "Told again", None]
    assert [event.version for event in events] == [2, 3, 4]


def events_of(service: Service) -> list[ContentEvent]:
    consumer = Consumer(
        {
            **service.settings.kafka_client,
            "group.id": "test-content",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
        }
    )
    found, ended = list[ContentEvent](), 0
    try:
        consumer.subscribe([TOPIC_CONTENT_EVENTS])
        partitions = 3
        while ended < partitions:
            message = consumer.poll(30)
            assert message is not None, "no record, and no end of the topic"
            if message.error():
                ended += 1
            else:
                found.append(read(message.value() or b""))
    finally:
        consumer.close()
    return sorted(found, key=lambda event: (event.item, event.version))


def test_no_odd_character_in_an_address_is_an_error_of_the_service(service: Service) -> None:
    token = issue("odd", ["content-editor"], service.key, time.time())
    unsearched = frozenset({"/v1/content/search", "/v1/content/suggestions"})
    assert_answered(service.app, service.address, token, least=20, away=unsearched)
