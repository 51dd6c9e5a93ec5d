"""Each engine is killed while people and providers use the API: what cannot be answered is a 503 that says when to come
back, everything answers again, and nothing that was acknowledged is lost."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest

from cli.token import signing_key
from local.engines.runtime.process import Process
from services.auth.tokens import issue
from tests.features.app import App, webhook_secret
from tests.fixtures.platform import Platform
from tests.fixtures.waiting import until
from tests.payments import stripe_events

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

REGION = "us-west-2"
ENGINES = {"elasticache": "Redis", "opensearch": "OpenSearch", "msk": "Kafka", "rds": "PostgreSQL"}
RECOVERED_SECONDS = 300.0


@dataclass
class Use:
    """One kind of request, again and again."""

    name: str
    send: Callable[[str], httpx.Response]
    """Of a new id; the answer."""
    stored_as: Callable[[str, httpx.Response], str] = lambda id, _: id
    acknowledged: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def run(self, end: threading.Event) -> None:
        while not end.wait(0.4):  # a person has 1,000 requests a minute
            id = uuid4().hex
            try:
                answer = self.send(id)
            except httpx.TransportError as error:
                self.wrong.append(repr(error))
                continue
            if answer.is_success:
                self.acknowledged.append(self.stored_as(id, answer))
            elif answer.status_code == 503 and (answer.headers.get("Retry-After") or _of_gateway(answer)):
                self.refused[answer.text[:100]] += 1
            else:
                self.wrong.append(f"{answer.status_code} {dict(answer.headers)} {answer.text[:200]}")


def _of_gateway(answer: httpx.Response) -> bool:
    """No Pod of the service is Ready. Kong says this without Retry-After, and so does the gateway of this machine."""
    return "error" in answer.json()


@dataclass
class Load:
    """A person's app, and Stripe, at work."""

    person: App
    uses: list[Use]
    threads: list[threading.Thread] = field(default_factory=list[threading.Thread])
    end: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.threads = [threading.Thread(target=use.run, args=[self.end]) for use in self.uses]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.end.set()
        for thread in self.threads:
            thread.join()

    def answered(self, before: Sequence[int], more: int) -> bool:
        return all(len(use.acknowledged) >= count + more for use, count in zip(self.uses, before, strict=True))

    def counts(self) -> list[int]:
        return [len(use.acknowledged) for use in self.uses]

    def missing(self) -> set[str]:
        """Ids of what was acknowledged and is not stored."""
        payments, sessions = (set(use.acknowledged) for use in self.uses[:2])
        sessions -= {reward["event_id"] for reward in self.person.done("GET", "/v1/users/me/export")["rewards"]}
        path = "/v1/payments/invoices?limit=200"
        page = self.person.done("GET", path)
        while page["invoices"]:
            payments -= {invoice["number"].removeprefix("AURA-") for invoice in page["invoices"]}
            page = self.person.done("GET", f"{path}&after={page['next']}") if page["next"] else {"invoices": []}
        return payments | sessions


@pytest.fixture
def load(platform: Platform) -> Iterator[Load]:
    app, secret = App.of(platform), webhook_secret(platform)
    person = app.of_user(issue(f"steady-{uuid4().hex}", [], signing_key(app.site), time.time()))
    payer = person.done("GET", "/v1/payments/subscription")["account_token"]

    def pay(id: str) -> httpx.Response:
        return app.deliver(secret, stripe_events.event("invoice.paid", stripe_events.invoice(payer, id)))

    def finish(id: str) -> httpx.Response:
        session = {"content_id": id, "seconds": 60}
        return person.ask("POST", "/v1/users/me/sessions", session, **{"Idempotency-Key": id})

    uses = [
        Use("payment", pay),
        Use("session", finish, lambda _, answer: answer.json()["event_id"]),
        Use("launch", lambda _: person.ask("GET", "/v1/users/me/launch")),
        Use("catalogue", lambda _: person.ask("GET", "/v1/content/items")),
        Use("search", lambda _: person.ask("GET", "/v1/content/search?q=breath")),
    ]
    load = Load(person, uses)
    load.start()
    try:
        yield load
    finally:
        load.stop()


@pytest.mark.parametrize("engine", ENGINES, ids=ENGINES.values())
def test_requests_are_answered_or_refused_with_retry_after_and_nothing_acknowledged_is_lost(
    load: Load, engine: str
) -> None:
    before = load.counts()
    until("each kind of request to be answered", lambda: load.answered(before, 10), 60)
    records = (load.person.site.home / "engines" / REGION / engine).rglob("*.process")
    alive = [process for process in (Process(one.parent, one.stem) for one in records) if process.pid() is not None]
    assert alive
    for process in alive:
        process.kill()
    until("each to be started again", lambda: all(process.pid() is not None for process in alive), RECOVERED_SECONDS)
    during = load.counts()
    until("each kind of request to be answered again", lambda: load.answered(during, 20), RECOVERED_SECONDS)
    load.stop()
    print({use.name: (len(use.acknowledged), dict(use.refused)) for use in load.uses})
    assert {use.name: use.wrong for use in load.uses if use.wrong} == {}
    # A reader of Kafka applies sessions, one after the other.
    until("everything that was acknowledged to be stored", lambda: not load.missing(), RECOVERED_SECONDS, every=1)
