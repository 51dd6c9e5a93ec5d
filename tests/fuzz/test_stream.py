"""Frames and tokens against the gateway and ingest, while someone else streams whose rows must be complete."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from contracts.platform import STREAM_HOST
from local.wearables.beats import Beat, day_in_minutes, synthesise
from local.wearables.fleet import SimulatedUser, stream
from local.wearables.report import Report
from tests.fuzz.campaign import WHOLE, Campaign
from tests.fuzz.tokens import signed, spelled
from tests.fuzz.values import mutated, text, value
from tests.kill.pipeline import INGEST, BioSync
from tests.kill.results import difference, expected, stored
from tests.kill.rounds import POLL_SECONDS

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(7200)]

SPEED = 40.0
STORED_SECONDS = 60.0
ANSWER_SECONDS = 10.0
INTERNAL_ERROR = 1011
"""RFC 6455: the server met an unexpected condition."""
ABNORMAL_CLOSURE = 1006
"""RFC 6455: no close frame was received."""


async def test_frames_and_tokens(pipeline: BioSync) -> None:
    campaign = Campaign.of_environment("stream")
    ended = pipeline.supervisor.ended.copy()
    over = asyncio.Event()
    control = asyncio.create_task(_control(campaign, pipeline, over))
    try:
        for case, chance in campaign.cases():
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    if chance.random() < 0.5:
                        await _frames(campaign, case, chance, pipeline)
                    else:
                        await _token(campaign, case, chance, pipeline)
            except TimeoutError:
                campaign.found(case, f"no answer within {ANSWER_SECONDS:g} s")
    finally:
        over.set()
    await control
    died = pipeline.supervisor.ended - ended
    if died:
        campaign.found(WHOLE, f"processes ended by themselves: {dict(died)}", pipeline.supervisor.failures)
    campaign.report()


async def _control(campaign: Campaign, pipeline: BioSync, over: asyncio.Event) -> None:
    """Streams until the campaign is over, and then compares the rows with the offline computation."""
    day = campaign.seed + (campaign.only or 0)
    user = f"control-{campaign.seed}-{time.time_ns()}"
    minutes = max(6.0, (campaign.seconds + 5) * SPEED / 60)
    beats = synthesise(day_in_minutes(day, minutes), day)
    problem: list[str] = []

    async def compare(report: Report, sent: dict[str, list[Beat]]) -> None:
        await over.wait()
        rows, events = await asyncio.to_thread(expected, sent, pipeline.rules)
        deadline = time.monotonic() + STORED_SECONDS
        while True:
            found, raised, _ = await asyncio.to_thread(stored, pipeline.database, [user])
            differences = [difference("rows", rows, found), difference("events", events, raised)]
            if not any(differences):
                return
            if time.monotonic() > deadline:
                problem.extend(filter(None, differences))
                return
            await asyncio.sleep(POLL_SECONDS)

    def token(name: str) -> str:
        return pipeline.token(name)

    try:
        report = await stream(
            [SimulatedUser(user, beats)], lambda: pipeline.endpoint, token, SPEED, compare, lambda _: None
        )
    except Exception as error:
        campaign.found(WHOLE, "the control user could not stream", error)
        return
    if report.refused:
        problem.append(f"{report.refused} frames were refused")
    for each in problem:
        campaign.found(WHOLE, "the control user's results are not those of an undisturbed run", each)


async def _frames(campaign: Campaign, case: int, chance: random.Random, pipeline: BioSync) -> None:
    """A user of a hostile name, or a plain one, sends near-valid frames; the connection ends with a reason."""
    user = text(chance) if chance.random() < 0.3 else f"fuzz-{campaign.seed}-{case}"
    if not user:
        return
    claims = json.loads(_claims(pipeline, user))
    token = signed(pipeline._key, json.dumps({"alg": "ES256", "kid": pipeline._key.kid}), json.dumps(claims))
    endpoint = pipeline.endpoint
    sent: list[str] = []
    try:
        async with connect(
            endpoint.url,
            host=endpoint.host,
            port=endpoint.port,
            ssl=endpoint.tls,
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            ping_interval=None,
            open_timeout=ANSWER_SECONDS,
            close_timeout=ANSWER_SECONDS / 2,
        ) as socket:
            for seq in range(1, chance.randrange(2, 8)):
                message, as_text = _message(chance, seq)
                sent.append(repr(message)[:300])
                await socket.send(message, text=as_text)
            while True:
                try:
                    await asyncio.wait_for(socket.recv(), 0.2)
                except TimeoutError:
                    break
            await socket.close()
            code = socket.close_code
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else None
    except InvalidHandshake as refused:
        status = getattr(getattr(refused, "response", None), "status_code", 0)
        if status >= 500:
            campaign.found(case, f"the handshake of a signed token gets {status}", repr(user)[:200])
        return
    if code == INTERNAL_ERROR:
        campaign.found(case, "the stream closes with 1011, an internal error", "\n".join(sent))
    elif code in (None, ABNORMAL_CLOSURE):
        campaign.found(case, "the stream ends without a close frame", "\n".join(sent))


def _message(chance: random.Random, seq: int) -> tuple[str | bytes | list[str], bool | None]:
    """A message, and whether it is sent as text, where its type does not tell."""
    if chance.random() < 0.2:
        seen = {"seen": chance.choice(["0" * 32, text(chance), value(chance)])}
        return json.dumps(mutated(chance, seen, chance.choice([0, 1]))), None
    message = _frame(chance, seq)
    if isinstance(message, str) and chance.random() < 0.1:
        whole = message.encode()
        at = chance.randrange(len(whole) + 1)
        odd = chance.choice([b"\xff", b"\xed\xa0\x80", b"\x00", b"[" * 100_000, bytes([chance.randrange(256)])])
        return whole[:at] + odd + whole[at:], chance.random() < 0.8
    return message, None


def _frame(chance: random.Random, seq: int) -> str | bytes | list[str]:
    start = int(time.time() * 1000) - 60_000
    samples = [{"t": start + i * 800, "rr": 800.0} for i in range(chance.randrange(1, 12))]
    valid: dict[str, Any] = {"device": "watch", "seq": seq, "samples": samples}
    kind = chance.random()
    if kind < 0.2:
        return json.dumps(valid)
    if kind < 0.7:
        return json.dumps(mutated(chance, valid, chance.choice([1, 1, 2, 5])))
    if kind < 0.8:
        return json.dumps(value(chance))
    if kind < 0.85:
        return bytes(chance.randrange(256) for _ in range(chance.randrange(64)))
    if kind < 0.9:
        return json.dumps(valid)[: chance.randrange(1, 40)]
    if kind < 0.95:
        whole = json.dumps(valid)
        at = chance.randrange(len(whole))
        return [whole[:at], "", whole[at:]]
    return json.dumps({"device": "w" * chance.choice([65, 10_000, 300_000]), "seq": seq, "samples": samples})


async def _token(campaign: Campaign, case: int, chance: random.Random, pipeline: BioSync) -> None:
    """The gateway and the service behind it must judge the same token alike."""
    token = spelled(pipeline._key, chance, f"fuzz-{campaign.seed}-{case}")
    endpoint = pipeline.endpoint
    gateway = await _handshake((endpoint.host, endpoint.port), endpoint.tls, token)
    service = await _handshake((endpoint.host, INGEST + 1), None, token)
    if max(gateway, service) >= 500:
        campaign.found(case, f"a token gets {gateway} at the gateway, {service} at the service", token)
    elif (gateway == 101) != (service == 101) and gateway != 429:
        verdicts = f"{gateway} at the gateway, {service} at the service"
        campaign.found(case, f"a token is judged differently: {verdicts}", token)


async def _handshake(address: tuple[str, int], tls: ssl.SSLContext | None, token: str) -> int:
    """Status of the answer to a WebSocket handshake; 0 when the connection ends without one."""
    reader, writer = await asyncio.open_connection(*address, ssl=tls, server_hostname=STREAM_HOST if tls else None)
    try:
        writer.write(
            f"GET /v1/stream HTTP/1.1\r\nHost: {STREAM_HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        line = await reader.readline()
        return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0
    except ConnectionError:
        return 0
    finally:
        writer.transport.abort()


def _claims(pipeline: BioSync, user: str) -> str:
    """Claims as the auth service writes them."""
    import base64

    part = pipeline.token("x").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return json.dumps({**claims, "sub": user})
