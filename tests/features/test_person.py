"""One person with the whole product, as an app, an editor and a provider of payments use it at the gateway."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import httpx
import pytest

from cli.token import signing_key
from cli.wearables import find_endpoint
from local.site import Site
from local.wearables.beats import day_in_minutes, synthesise
from local.wearables.fleet import SimulatedUser, stream
from local.wearables.report import Report
from services.auth.tokens import issue
from tests.features.app import App, claims, webhook_secret
from tests.fixtures.platform import Platform
from tests.fixtures.waiting import until
from tests.payments import stripe_events

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

SPEED = 120.0
SOUND = b"a recording"
CALM, STORY = "Langsam atmen", "Der stille See"
ITEMS = {
    CALM: {"kind": "breathing", "locale": "de", "work": "slow-breath", "seconds": 240, "tags": ["calming", "panic"]},
    STORY: {"kind": "sleep story", "locale": "de", "work": "still-lake", "seconds": 900, "entitlement": "premium"},
}


@pytest.fixture
def app(platform: Platform) -> App:
    return App.of(platform)


@pytest.fixture
def catalogue(platform: Platform, app: App) -> Iterator[dict[str, int]]:
    """Ids of the published items by title; they are withdrawn at the end."""
    editor = app.of_user(platform.aura("token", "--user", "editor", "--role", "content-editor").strip())
    published = {title: _publish(editor, {"title": title, **item}) for title, item in ITEMS.items()}
    yield {title: item["id"] for title, item in published.items()}
    for item in published.values():
        _put_state(editor, item, "withdrawn")


def _publish(editor: App, draft: dict[str, Any]) -> dict[str, Any]:
    item = editor.done("POST", "/v1/content/admin/items", draft)["id"]
    part = {"bytes": len(SOUND), "sha256": hashlib.sha256(SOUND).hexdigest()}
    announced = {"content_type": "audio/mpeg", "parts": [part]}
    upload = editor.done("POST", f"/v1/content/admin/items/{item}/uploads", announced)
    (to,) = upload["parts"]
    stored = httpx.put(to["url"], content=SOUND, headers=to["headers"], trust_env=False).raise_for_status()
    completion = f"/v1/content/admin/uploads/{upload['id']}/completion"
    editor.done("POST", completion, {"etags": [stored.headers["ETag"]]})
    return _put_state(editor, editor.done("GET", f"/v1/content/admin/items/{item}"), "published")


def _put_state(editor: App, item: dict[str, Any], state: str) -> dict[str, Any]:
    version = {"If-Match": f'"{item["version"]}"'}
    return editor.done("PUT", f"/v1/content/admin/items/{item['id']}/state", {"state": state}, **version)


def replace(person: App, document: str, **values: Any) -> None:
    path = f"/v1/users/me/{document}"
    etag = person.ask("GET", path).headers["ETag"]
    person.done("PUT", path, values, **{"If-Match": etag})


def streamed(site: Site, user: str, token: str) -> Report:
    """A stressful day in minutes, until a push has come."""
    arrived = asyncio.Event()

    def progress(report: Report) -> None:
        if report.pushes:
            arrived.set()

    async def pushed(*_: object) -> None:
        await asyncio.wait_for(arrived.wait(), 60)

    endpoint = find_endpoint(site)
    people = [SimulatedUser(user, synthesise(day_in_minutes(0, 20), 0))]
    return asyncio.run(stream(people, lambda: endpoint, lambda _: token, SPEED, pushed, progress))


def two_days(now: datetime) -> tuple[str, str]:
    """A zone, and one whose day is the next one at this moment: who travels there keeps a streak over midnight. In
    both midnight is ten minutes away or more."""
    margin = timedelta(minutes=10)
    days: dict[date, str] = {}
    for zone in available_timezones():
        here = now.astimezone(ZoneInfo(zone))
        if (here - margin).date() == (here + margin).date():
            days[here.date()] = zone
    first = next(day for day in sorted(days) if day + timedelta(days=1) in days)
    return days[first], days[first + timedelta(days=1)]


def test_a_person_from_the_first_sign_in_to_the_end_of_the_account(
    platform: Platform, app: App, catalogue: dict[str, int]
) -> None:
    site = app.site
    tokens = json.loads(platform.aura("sign-in", "--address", f"ada-{time.time_ns()}@example.com"))
    user = claims(tokens["access_token"])["sub"]
    person = app.of_user(tokens["access_token"])

    # Preferences decide what calms.
    replace(person, "preferences", language="de", longest_minutes=5, kinds=["breathing"], voices=[])
    key = signing_key(site)

    def offered() -> bool:
        """Whether recommend has the catalogue: to a person of its own."""
        other = f"other-{time.time_ns()}"
        return CALM in {push.title for push in streamed(site, other, issue(other, [], key, time.time())).pushes}

    until("recommend to offer the item", offered, 180)
    report = streamed(site, user, tokens["access_token"])
    assert {push.title for push in report.pushes} == {CALM}
    assert report.lost == report.refused == 0

    # It is played by a signed URL, and only with the signature.
    played = person.done("GET", f"/v1/content/items/{catalogue[CALM]}/playback")["url"]
    assert app.view(played).content == SOUND
    assert app.view(played.partition("?")[0]).status_code == 403
    refused = person.ask("GET", f"/v1/content/items/{catalogue[STORY]}/playback")
    assert refused.status_code == 403

    # A streak over midnight, and the points of the calm that was seen.
    before, after = two_days(datetime.now(UTC))
    replace(person, "profile", display_name="Ada", zone=before)
    assert person.done("POST", "/v1/users/me/check-ins", {"mood": 3})["streak"]["length"] == 1
    replace(person, "profile", display_name="Ada", zone=after)
    assert person.done("POST", "/v1/users/me/check-ins", {"mood": 4})["streak"]["length"] == 2

    def rewarded() -> set[str]:
        return {one["kind"] for one in person.done("GET", "/v1/users/me/rewards")["rewards"] if one["points"]}

    until("the points of both", lambda: rewarded() == {"check-in", "calm-seen"}, 60)

    # A subscription makes a role of the next token, and its end takes it away.
    secret = webhook_secret(platform)
    payer = person.done("GET", "/v1/payments/subscription")["account_token"]
    now = int(time.time())
    begun = stripe_events.event("customer.subscription.created", stripe_events.subscription(payer))
    assert app.deliver(secret, begun).status_code == 200
    assert [held["name"] for held in person.done("GET", "/v1/payments/entitlements")["entitlements"]] == ["premium"]
    tokens = until("a token with the role", lambda: refreshed_with(app, tokens, {"premium"}), 60)
    person = app.of_user(tokens["access_token"])
    story = person.done("GET", f"/v1/content/items/{catalogue[STORY]}/playback")["url"]
    assert app.view(story).content == SOUND
    ended = stripe_events.subscription(payer, "canceled", period_end=now - 1)
    end = stripe_events.event("customer.subscription.deleted", ended, created=now + 1)
    assert app.deliver(secret, end).status_code == 200
    assert person.done("GET", "/v1/payments/entitlements")["entitlements"] == []
    tokens = until("a token without the role", lambda: refreshed_with(app, tokens, set()), 60)
    person = app.of_user(tokens["access_token"])
    assert person.ask("GET", f"/v1/content/items/{catalogue[STORY]}/playback").status_code == 403

    # A request has one trace id: in the answer, in the service's problem document, in the gateway's log.
    missing = person.ask("GET", "/v1/content/items/999999999")
    trace = missing.headers["X-Trace-Id"]
    assert (missing.status_code, missing.json()["trace_id"]) == (404, trace)
    log = ("logs", "deployment/kong-gateway", "-n", "kong")
    until("the trace in the gateway's log", lambda: trace in platform.kubectl(*log), 30)

    # What is exported is all that there is; after the end nothing is left but the books.
    exported = {service: person.done("GET", f"/v1/{service}/export") for service in ("users/me", "auth", "payments")}
    assert [check_in["mood"] for check_in in exported["users/me"]["check_ins"]] == [3, 4]
    assert [account["id"] for account in exported["auth"]["accounts"]] == [user]
    assert len(exported["payments"]["subscription_events"]) == 2
    assert platform.window_count(user)
    person.done("DELETE", "/v1/users/me")
    assert person.ask("GET", "/v1/users/me/launch").status_code == 410
    until("the account of auth to end", lambda: refused_grant(app, tokens) == "invalid_grant", 60)
    until("the rows of the history to go", lambda: platform.window_count(user) == 0, 60)


def refreshed_with(app: App, tokens: dict[str, str], roles: set[str]) -> dict[str, str] | None:
    """The next tokens, if they have these roles. Those before are used up by this."""
    tokens |= app.refresh(tokens["refresh_token"]).raise_for_status().json()
    return tokens if set(claims(tokens["access_token"]).get("roles", [])) == roles else None


def refused_grant(app: App, tokens: dict[str, str]) -> str:
    """Why the refresh token gives no tokens; "" while it does."""
    answer = app.refresh(tokens["refresh_token"])
    if answer.is_success:
        tokens |= answer.json()
        return ""
    return answer.json().get("error", "")
