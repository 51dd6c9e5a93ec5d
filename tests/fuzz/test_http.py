"""Webhook bodies and history parameters: whatever they say, the answer is no server error, and the service lives."""

from __future__ import annotations

import json
import random
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from contracts import webhook
from contracts.records import Evidence, StressEvent
from dataflows.biosync.signal.rules import VERSION
from local.engines.runtime.process import Process
from tests.fixtures.engines import ScratchEnvironment
from tests.fuzz.campaign import WHOLE, Campaign
from tests.fuzz.tokens import of_subject
from tests.fuzz.values import mutated, text, value
from tests.history.harness import NO_KAFKA
from tests.ingest.harness import Service
from tests.kill.pipeline import AUTH, RECOMMEND, SECRET, BioSync

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(7200)]

HISTORY = 8120
TIMEOUT_SECONDS = 15.0
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def history(pipeline: BioSync, scratch: ScratchEnvironment) -> Iterator[Service]:
    address = pipeline.endpoint.host
    env = {
        "TIMESERIES_URL": pipeline.database,
        "JWKS_URL": f"http://{address}:{AUTH}/.well-known/jwks.json",
        "KAFKA_BOOTSTRAP": NO_KAFKA,
    }
    service = Service("services.history", scratch.folder / "fuzz-history", address, HISTORY, env)
    service.start()
    yield service
    service.process.stop(grace=15)


def test_webhooks_and_history(pipeline: BioSync, history: Service) -> None:
    campaign = Campaign.of_environment("http")
    recommend = pipeline.supervisor.members["recommend"].process
    before = [_pid(recommend), _pid(history.process)]
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        for case, chance in campaign.cases():
            try:
                if chance.random() < 0.5:
                    answer, said, as_sent = _webhook(client, chance, pipeline, f"{campaign.seed}-{case}")
                    if as_sent and answer is not None and answer.status_code != 200:
                        campaign.found(case, f"an event as it is sent gets {answer.status_code}", answer.text[:300])
                else:
                    answer, said = _history(client, chance, pipeline, history)
            except httpx.TransportError as error:
                campaign.found(case, f"no answer: {type(error).__name__}", error)
                continue
            if answer is not None and answer.status_code >= 500:
                where = answer.request.url.path
                campaign.found(case, f"{where} answers {answer.status_code}", f"{said}\n{answer.text[:300]}")
    if [_pid(recommend), _pid(history.process)] != before:
        campaign.found(WHOLE, "a service was restarted")
    campaign.report()


def _webhook(
    client: httpx.Client, chance: random.Random, pipeline: BioSync, event: str
) -> tuple[httpx.Response | None, str, bool]:
    """The answer, what was sent, and whether that is an event as the dataflow sends it."""
    now = int(time.time())
    evidence = Evidence(99.0, 70.0, 20.0, 40.0, 1.0, 9.5, 5.25, "gate", VERSION)
    valid: dict[str, Any] = msgspec.to_builtins(
        StressEvent(event, f"fuzz-{event}", now * 1000, now * 1000, "0" * 32, evidence)
    )
    changed = mutated(chance, valid, chance.choice([0, 1, 1, 2])) if chance.random() < 0.9 else value(chance)
    body = json.dumps(changed).encode()
    if chance.random() < 0.1:
        at = chance.randrange(len(body) + 1)
        body = body[:at] + bytes([chance.randrange(256)]) + (body[at + 1 :] if chance.random() < 0.5 else b"")
    stamp = now if chance.random() < 0.9 else text(chance)
    as_sent = stamp == now and body == json.dumps(valid).encode()
    key = changed.get("event_id", event) if isinstance(changed, dict) else event
    named = {
        webhook.TIMESTAMP: str(stamp),
        webhook.SIGNATURE: webhook.sign(SECRET, now, body),
        webhook.IDEMPOTENCY_KEY: str(key),
        webhook.TRACE_ID: "0" * 32 if as_sent else text(chance),
    }
    headers = [(name.encode(), item.encode("utf-8", "replace")) for name, item in named.items()]
    url = f"http://{pipeline.endpoint.host}:{RECOMMEND}/v1/stress-events"
    try:
        answer = client.post(url, content=body, headers=headers)
    except httpx.LocalProtocolError:
        return None, "", False  # no client could send these headers
    return answer, f"{body!r}\n{named}", as_sent


def _history(
    client: httpx.Client, chance: random.Random, pipeline: BioSync, history: Service
) -> tuple[httpx.Response | None, str]:
    span = timedelta(seconds=chance.choice([0, 1, 60, 3600, 86400, 86400 * 400]))
    times = [NOW.isoformat(), (NOW + span).isoformat(), "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "now"]
    times += [str(chance.choice([0, 1, -1, 1.9e9, 1767323045000, 1e18, 2**63])), "2026-01-02", "2026-02-30T00:00:00Z"]
    parameters: dict[str, Any] = {
        "from": chance.choice([*times, text(chance)]),
        "to": chance.choice([*times, text(chance)]),
        "resolution": chance.choice(["minute", "hour", "day", "1m", "1h", "1d", text(chance)]),
        "limit": chance.choice([0, 1, 2, 1000, 100_000, -1, 2**63, "1.0", text(chance)]),
        "zone": chance.choice(["UTC", "Europe/Berlin", "Atlantic/Azores", "+14:00", "Etc/../../x", text(chance)]),
        "cursor": chance.choice([_cursor(chance), text(chance)]),
        text(chance): text(chance),
    }
    chosen = {name: item for name, item in parameters.items() if chance.random() < 0.4}
    pairs: list[tuple[str, str | int | float | bool | None]] = [
        (_sendable(name), _sendable(str(item))) for name, item in chosen.items()
    ]
    if chance.random() < 0.1 and pairs:
        pairs.append(pairs[0])
    user = _sendable(text(chance)) or "x" if chance.random() < 0.3 else "fuzz"
    headers = {"Authorization": f"Bearer {of_subject(pipeline._key, user)}"}
    url = f"http://{history.address}:{history.port}/v1/history"
    try:
        return client.get(url, params=pairs, headers=headers), f"{pairs} as {user!r}"[:800]
    except httpx.InvalidURL:
        return None, ""  # longer than this client can send


def _cursor(chance: random.Random) -> str:
    """Near what `next` is: microseconds and perhaps an event's id."""
    moment = chance.choice([0, 1, 1_767_323_045_000_000, 7_258_118_400_000_000, 253_402_300_799_999_999, 10**18, -1])
    inside = f"{moment + chance.choice([0, 0, 1, -1])}/{chance.choice(['', '', 'a' * 32, text(chance)])}"
    return urlsafe_b64encode(inside.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _sendable(of: str) -> str:
    return of.encode("utf-8", "replace").decode()


def _pid(process: Process) -> int | None:
    return process.pid()
