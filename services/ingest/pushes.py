"""Delivers pushes from Redis to the connections of their users.

`recommend` writes a push into the user's hash of pending pushes and then publishes it. Open connections receive it from
the channel; connections opened later, or while the channel was unavailable, receive it from the hash. A push is sent
once on each connection. It leaves the hash, for an outcome, when the app confirms that the user saw it;
contracts/pushes.py documents the rest of its life cycle.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts import pushes
from contracts.decoding import of_others
from contracts.platform import PENDING_KEY, PUSH_CHANNEL
from contracts.stream import EmergencyCalm
from services.ingest import metrics
from services.ingest.registry import ConnectionRegistry, UserConnection
from services.kit import logs

log = logs.get(__name__)

BATCH_DELAY_SECONDS = 0.02
BATCH_SIZE = 500
RETRY_SECONDS = 0.5
MAX_CONFIRMATIONS = 10_000
"""Confirmations kept while Redis is unavailable; beyond it the oldest is lost and its push shown again."""

T = TypeVar("T")
_decode_push = of_others(msgspec.json.Decoder(EmergencyCalm).decode)


class PushDispatcher:
    """Subscribes to pushes, sends pending ones and records confirmations; while Redis is unavailable, all wait."""

    def __init__(self, redis: Redis, registry: ConnectionRegistry) -> None:
        self._redis = redis
        self._registry = registry
        self._new_connections: deque[UserConnection] = deque()
        self._confirmations: deque[tuple[str, str]] = deque(maxlen=MAX_CONFIRMATIONS)
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Runs until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._run_batches())

    def send_pending(self, connection: UserConnection) -> None:
        """Queues the user's pending pushes for a connection that has just opened."""
        self._new_connections.append(connection)
        self._wake.set()

    def confirm(self, user: str, event_id: str) -> None:
        """Records that the user saw this push."""
        self._confirmations.append((user, event_id))
        self._wake.set()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(PUSH_CHANNEL)
                    # Pushes published while not subscribed are in the hashes.
                    self._new_connections.extend(self._registry.connections())
                    self._wake.set()
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._deliver(message["data"])
            except (RedisError, OSError) as error:
                log.warning("push_subscription_failed", error=str(error), retry_seconds=RETRY_SECONDS)
                await asyncio.sleep(RETRY_SECONDS)

    def _deliver(self, value: bytes) -> None:
        try:
            push = _decode_push(value)
        except msgspec.MsgspecError as error:
            log.error("invalid_push", error=str(error))
            return
        for connection in self._registry.connections_of(push.user):
            self._send(connection, push, value, "live")

    async def _run_batches(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(BATCH_DELAY_SECONDS)
            self._wake.clear()
            try:
                while self._new_connections or self._confirmations:
                    await self._process_batch()
            except (RedisError, OSError) as error:
                log.warning("redis_unavailable", error=str(error), retry_seconds=RETRY_SECONDS)
                self._wake.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _process_batch(self) -> None:
        connections, confirmations = _take_batch(self._new_connections), _take_batch(self._confirmations)
        try:
            results = await self._execute(connections, confirmations)
        except BaseException:
            self._new_connections.extendleft(reversed(connections))
            room = MAX_CONFIRMATIONS - len(self._confirmations)
            self._confirmations.extendleft(reversed(confirmations[-room:] if room else []))
            raise
        metrics.seen.inc(sum(results[: len(confirmations)]))
        for connection, values in zip(connections, results[len(confirmations) :], strict=True):
            for push, value in _decoded(values):
                self._send(connection, push, value, "pending")

    async def _execute(self, connections: list[UserConnection], confirmations: list[tuple[str, str]]) -> list[Any]:
        """A result for each confirmation, 1 if it was pending, then the pending pushes of each connection."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for user, event_id in confirmations:
                keys = [PENDING_KEY + user, pushes.OPEN, pushes.OUTCOMES]
                pipeline.eval(pushes.CLOSE, 3, *keys, event_id, user, pushes.SEEN, str(int(time.time() * 1000)))
            for connection in connections:
                pipeline.hvals(PENDING_KEY + connection.user.id)
            return await pipeline.execute()

    def _send(self, connection: UserConnection, push: EmergencyCalm, value: bytes, source: str) -> None:
        if push.expires < time.time() * 1000:
            return
        if connection.sent_events is None:
            connection.sent_events = set()
        if push.event_id not in connection.sent_events:
            connection.sent_events.add(push.event_id)
            if connection.send(value):
                metrics.pushes.labels(source).inc()


def _take_batch(queue: deque[T]) -> list[T]:
    """Removes and returns the first BATCH_SIZE items."""
    return [queue.popleft() for _ in range(min(BATCH_SIZE, len(queue)))]


def _decoded(values: list[bytes]) -> Iterator[tuple[EmergencyCalm, bytes]]:
    for value in values:
        try:
            yield _decode_push(value), value
        except msgspec.MsgspecError as error:
            log.error("invalid_push", error=str(error))
