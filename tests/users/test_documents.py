"""Profile, settings and preferences by ETag, and who may read and write them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis as redis_client

from contracts.preferences import PREFERENCES_KEY, read
from services.auth.tokens import issue
from services.kit.problems import MEDIA_TYPE
from tests.fixtures.waiting import until
from tests.kit.odd_requests import assert_answered
from tests.users.conftest import Service

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", ["profile", "settings", "preferences"])
def test_a_document_is_replaced_only_by_who_has_seen_it(service: Service, kind: str) -> None:
    client = service.client(f"documents-{kind}")
    first = client.get(f"/{kind}")
    assert (first.status_code, first.headers["ETag"]) == (200, '"0"')
    blind = client.put(f"/{kind}", json={})
    assert (blind.status_code, blind.headers["Content-Type"]) == (428, MEDIA_TYPE)
    stored = client.put(f"/{kind}", json={}, headers={"If-Match": '"0"'})
    assert (stored.status_code, stored.headers["ETag"]) == (200, '"1"')
    late = client.put(f"/{kind}", json={}, headers={"If-Match": '"0"'})
    assert (late.status_code, late.headers["ETag"]) == (412, '"1"')
    unchanged = client.get(f"/{kind}", headers={"If-None-Match": '"1"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_of_changes_at_once_one_is_stored_and_the_others_know(service: Service) -> None:
    client = service.client("documents-race")
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda i: client.put("/profile", json={"display_name": f"n{i}"}, headers={"If-Match": '"0"'}), range(8)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert client.get("/profile").json() == won
    assert client.get("/launch").json()["display_name"] == won["display_name"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/profile", {"user_id": "bob"}),
        ("/profile", {"zone": "Mars/Olympus"}),
        ("/profile", {"zone": "../UTC"}),
        ("/profile", {"display_name": "a\x00b"}),
        ("/profile", {"display_name": ""}),
        ("/settings", {"points": 1000}),
        ("/settings", {"reminder_at": "24:00"}),
        ("/preferences", {"timezone": "Europe/Berlin"}),
        ("/preferences", {"language": "english"}),
        ("/preferences", {"longest_minutes": 0}),
        ("/preferences", {"kinds": ["x"] * 9}),
        ("/consents/health-data", {"granted": True, "policy": "1", "at": "2020-01-01T00:00:00Z"}),
        ("/consents/everything", {"granted": True, "policy": "1"}),
    ],
)
def test_what_nobody_may_set_is_refused_and_nothing_stored(service: Service, path: str, body: dict[str, Any]) -> None:
    client = service.client("documents-refused")
    answer = client.put(path, json=body, headers={"If-Match": '"0"'})
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, MEDIA_TYPE)
    assert service.query("select 1 from people where user_id = 'documents-refused'") == []


ROUTES = [
    *(("GET", path) for path in ("launch", "profile", "settings", "preferences", "check-ins", "rewards")),
    *(("GET", path) for path in ("consents", "export")),
    *(("PUT", path) for path in ("profile", "settings", "preferences", "consents/research")),
    *(("POST", path) for path in ("check-ins", "sessions")),
    ("DELETE", ""),
]
BODIES = {
    "consents/research": {"granted": True, "policy": "1"},
    "sessions": {"content_id": "ocean", "seconds": 60},
}
"""Of routes that do not take an empty one."""


def test_the_table_of_routes_is_complete(service: Service) -> None:
    paths = service.app.openapi()["paths"]
    found = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    listed = {(method, f"/v1/users/me/{path}".rstrip("/")) for method, path in ROUTES}
    assert found == {(m, p.replace("research", "{purpose}")) for m, p in listed}
    assert all(path.split("/")[3] == "me" for _, path in found)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_needs_a_token_and_knows_nobody_but_its_subject(service: Service, method: str, path: str) -> None:
    client = service.client("documents-eve")
    for authorization in ("", "Bearer e30.e30.e30"):
        answer = client.request(method, service.url(path), headers={"Authorization": authorization})
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, MEDIA_TYPE)
    for other in ("ada", "%2e%2e/ada"):
        assert client.request(method, service.url(path, other), json={}).status_code in {404, 405}


def test_recommend_reads_preferences_with_the_zone_of_the_profile(service: Service) -> None:
    client = service.client("documents-mirror")
    client.put("/preferences", json={"language": "de", "voices": ["Mira"]}, headers={"If-Match": "*"})
    client.put("/profile", json={"zone": "Asia/Kathmandu"}, headers={"If-Match": "*"})
    with redis_client.Redis.from_url(service.settings.redis_url) as redis:
        until("the cache to be filled", lambda: redis.get(PREFERENCES_KEY + "documents-mirror"))
        kept: Any = redis.get(PREFERENCES_KEY + "documents-mirror")
    found = read(kept)
    assert (found.language, found.voices, found.timezone) == ("de", ["Mira"], "Asia/Kathmandu")
    assert service.query("select 1 from stale where user_id = 'documents-mirror'") == []


def test_consents_keep_every_decision_and_the_latest_counts(service: Service) -> None:
    client = service.client("documents-consents")
    for granted in (True, False):
        client.put("/consents/research", json={"granted": granted, "policy": "2026-01"}).raise_for_status()
    (latest,) = client.get("/consents").json()
    assert (latest["purpose"], latest["granted"]) == ("research", False)
    assert len(client.get("/export").json()["consents"]) == 2


def test_no_odd_character_in_an_address_is_an_error_of_the_service(service: Service) -> None:
    token = issue("odd", [], service.key, time.time())
    assert_answered(service.app, service.address, token, least=5)
