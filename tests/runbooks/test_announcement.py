"""What is announced of an execution, to a webhook that answers and to one that does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from runbooks.adapters.announcement import Announcement, message
from runbooks.journal import opened
from runbooks.model import Entry, Event
from tests.fixtures.waiting import until

ROLES = {"giving": "us-west-2", "taking": "us-east-1"}
STARTED = Entry(1, Event.STARTED, "", "failover", "ada@laptop", ROLES, "h")
ASKED = Entry(3, Event.ASKED, "accept-loss", "us-east-1 would begin without, at most: 3 rows", facts={"phrase": "3"})


class Webhook(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[dict[str, Any]] = []
        self.refused = 0
        self.status = 200
        self.url = f"http://127.0.0.1:{self.server_port}/of/a/channel"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        webhook = self.server
        assert isinstance(webhook, Webhook)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if webhook.status == 200:
            webhook.taken.append(body)
        else:
            webhook.refused += 1
        self.send_response(webhook.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_beginning_the_questions_and_the_end_are_announced_and_no_step(webhook: Webhook, tmp_path: Path) -> None:
    with opened(tmp_path / "failover-1.jsonl", [Announcement(webhook.url).put]) as journal:
        for entry in (
            STARTED,
            Entry(2, Event.ACTED, "fence-region"),
            ASKED,
            Entry(4, Event.ANSWERED, "accept-loss", "3"),
            Entry(5, Event.DONE, "accept-loss"),
            Entry(6, Event.COMPLETED),
        ):
            journal.append(entry)
    assert [one["event"] for one in webhook.taken] == ["execution started", "approval asked", "execution completed"]
    assert {one["execution"] for one in webhook.taken} == {"failover-1"}
    first, question, last = (one["text"] for one in webhook.taken)
    assert first == "failover-1 begins (by ada@laptop): us-west-2 to us-east-1"
    assert question == "failover-1 asks at accept-loss: us-east-1 would begin without, at most: 3 rows"
    assert last == "failover-1 is completed"


def test_a_webhook_that_does_not_take_it_stops_nothing_and_gets_it_later(webhook: Webhook, tmp_path: Path) -> None:
    webhook.status = 503
    announcement = Announcement(webhook.url)
    with pytest.raises(httpx.HTTPStatusError):
        announcement.put("runbooks/failover-1/000001.json", b'{"at": 1, "event": "execution completed"}')
    with opened(tmp_path / "failover-1.jsonl", [announcement.put]) as journal:
        journal.append(STARTED)
        until("the journal's line to be refused", lambda: webhook.refused == 2)
        webhook.status = 200
        journal.append(Entry(2, Event.COMPLETED))
    assert [one["event"] for one in webhook.taken] == ["execution started", "execution completed"]


def test_why_it_is_paused_is_announced() -> None:
    paused = Entry(9, Event.PAUSED, "await-gateway", "does not answer 200 yet")
    assert message("failback-2", paused)["text"] == "failback-2 is paused at await-gateway: does not answer 200 yet"
