"""Services under test as separate processes, so that they can be killed, and helpers for their clients."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from joserfc.jwk import ECKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from contracts.records import StoredFrame, unpack
from local.engines.runtime.process import Process
from local.site import CHECKOUT
from services.auth.tokens import issue

UPGRADE = b"GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@dataclass
class Service:
    """`python -m <module>` at `address`:`port`, ready when /readyz says so."""

    module: str
    folder: Path
    address: str
    port: int
    env: dict[str, str]
    process: Process = field(init=False)

    def __post_init__(self) -> None:
        self.process = Process(self.folder, self.module.rsplit(".", 1)[-1])

    def start(self, seconds: float = 30, path: str = "/readyz") -> None:
        """Starts the process and waits until `path` returns success."""
        own = {"HOST": self.address, "PORT": str(self.port), "PYTHONPATH": str(CHECKOUT), "PATH": os.environ["PATH"]}
        self.process.start([sys.executable, "-m", self.module], env={**own, **self.env}, cwd=CHECKOUT)
        self.process.wait_until(lambda: self.get(path) is not None, seconds)

    def ready(self) -> bool:
        return self.get("/readyz") is not None

    def get(self, path: str) -> str | None:
        """The response body; None without a response or with an error status."""
        try:
            with urllib.request.urlopen(f"http://{self.address}:{self.port}{path}", timeout=2) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def metric(self, name: str) -> float:
        """Sum over all labels."""
        lines = (self.get("/metrics") or "").splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


@dataclass(frozen=True)
class Identity:
    """The auth service and its signing key: issues the tokens that the service would."""

    service: Service
    key: ECKey

    def token(self, user: str, lifetime: float = 900) -> str:
        return issue(user, [], self.key, time.time(), lifetime=lifetime)


@dataclass(frozen=True)
class Stream:
    """An ingest service and its topic."""

    service: Service
    identity: Identity
    bootstrap: str
    topic: str

    @property
    def url(self) -> str:
        return f"ws://{self.service.address}:{self.service.port}/v1/stream"

    @asynccontextmanager
    async def connect(
        self,
        user: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        sock: socket.socket | None = None,
        token: str | None = None,
    ) -> AsyncIterator[ClientConnection]:
        bearer = {"Authorization": f"Bearer {token or self.identity.token(user)}", **headers}
        # No pings: a client that does not read would close its own connection.
        async with connect(
            self.url, additional_headers=bearer, compression=None, proxy=None, ping_interval=None, sock=sock
        ) as connection:
            yield connection

    async def stored(self, user: str) -> list[StoredFrame]:
        """All frames of the user that are in Kafka now, in order."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            await consumer._client.set_topics([self.topic])
            ours = [TopicPartition(self.topic, p) for p in consumer.partitions_for_topic(self.topic) or ()]
            consumer.assign(ours)
            ends = await consumer.end_offsets(ours)
            frames: list[StoredFrame] = []
            for partition in ours:
                while await consumer.position(partition) < ends[partition]:
                    record = await consumer.getone(partition)
                    frames += [frame for frame in unpack(record.value or b"") if frame.user == user]
            return frames
        finally:
            await consumer.stop()


@asynccontextmanager
async def open_connection(stream: Stream) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A TCP connection to the service, without a handshake."""
    reader, writer = await asyncio.open_connection(stream.service.address, stream.service.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def create_topic(bootstrap: str, topic: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()


FIRST_BEAT_MS = int(time.time() * 1000) - 12 * 3_600_000
"""Within the day that may lie before a frame's arrival, as long as tests run."""
SPAN_MS = 11 * 3_600_000


def frame(seq: int, device: str = "watch", beats: int = 10, rr: float = 800.0) -> str:
    """A frame of regular beats; each `seq` continues in time where the previous one ended, for eleven hours."""
    start = FIRST_BEAT_MS + int(seq * beats * rr) % SPAN_MS
    samples = [{"t": start + int(i * rr), "rr": rr} for i in range(beats)]
    return json.dumps({"device": device, "seq": seq, "samples": samples})


def client_frame(opcode: int, payload: bytes, fin: bool = True) -> bytes:
    """A WebSocket frame as a client sends it, with a random mask."""
    return Frame(Opcode(opcode), payload, fin).serialize(mask=True)


async def receive(socket: ClientConnection, seconds: float = 20) -> dict[str, Any]:
    """The next message, decoded."""
    return json.loads(await asyncio.wait_for(socket.recv(), seconds))


async def acks(socket: ClientConnection, count: int, seconds: float = 60) -> list[int]:
    """The next `count` acknowledgements; fails on any other message."""
    return [(await receive(socket, seconds))["ack"] for _ in range(count)]


async def wait_until(what: str, condition: Callable[[], bool], seconds: float = 60) -> None:
    """Returns when `condition` is true; fails naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.05)
