"""Brings pushes from Redis to the sockets of the people they are for.

`recommend` writes a push into the person's hash of pending ones and then publishes it. A push reaches its person by the
channel when a socket is open, and from the hash when one opens later or when the channel was away for a while; what a
socket was offered once is not offered to it again. It leaves the hash, for an outcome, when the app says that the
person saw it; contracts/pushes.py tells the rest of its life.
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
from contracts.platform import PENDING_KEY, PUSH_CHANNEL
from contracts.stream import EmergencyCalm
from services.ingest import metrics
from services.ingest.registry import People
from services.ingest.websocket.connection import Socket
from services.kit import logs

log = logs.get(__name__)

GATHER_SECONDS = 0.02
A_PIPELINE = 500
RETRY_SECONDS = 0.5
CONFIRMATIONS_KEPT = 10_000
"""Confirmations that wait for Redis to come back; one more and the oldest is lost: that push is shown again."""

T = TypeVar("T")
_push = msgspec.json.Decoder(EmergencyCalm).decode


class Pushes:
    """Listens for pushes, looks up pending ones and removes those that were seen. Redis away: all of it waits."""

    def __init__(self, redis: Redis, people: People) -> None:
        self._redis = redis
        self._people = people
        self._arrivals: deque[Socket] = deque()
        self._confirmed: deque[tuple[str, str]] = deque(maxlen=CONFIRMATIONS_KEPT)
        self._work = asyncio.Event()

    async def run(self) -> None:
        """Serves until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._look_up())

    def greet(self, socket: Socket) -> None:
        """Has the person's pending pushes offered to a socket that has just opened."""
        self._arrivals.append(socket)
        self._work.set()

    def confirm(self, user: str, event_id: str) -> None:
        """The person saw this push."""
        self._confirmed.append((user, event_id))
        self._work.set()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(PUSH_CHANNEL)
                    # What was published while nobody listened is in the hashes.
                    self._arrivals.extend(self._people.sockets())
                    self._work.set()
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._deliver(message["data"])
            except (RedisError, OSError) as error:
                log.warning("push_channel_lost", error=str(error), retry_seconds=RETRY_SECONDS)
                await asyncio.sleep(RETRY_SECONDS)

    def _deliver(self, value: bytes) -> None:
        try:
            push = _push(value)
        except msgspec.MsgspecError as error:
            log.error("push_unreadable", error=str(error))
            return
        for socket in self._people.sockets_of(push.user):
            self._offer(socket, push, value, "live")

    async def _look_up(self) -> None:
        while True:
            await self._work.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._work.clear()
            try:
                while self._arrivals or self._confirmed:
                    await self._batch()
            except (RedisError, OSError) as error:
                log.warning("pushes_unavailable", error=str(error), retry_seconds=RETRY_SECONDS)
                self._work.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _batch(self) -> None:
        arrivals, confirmed = _first(self._arrivals), _first(self._confirmed)
        try:
            answers = await self._ask(arrivals, confirmed)
        except BaseException:
            self._arrivals.extendleft(reversed(arrivals))
            room = CONFIRMATIONS_KEPT - len(self._confirmed)
            self._confirmed.extendleft(reversed(confirmed[-room:] if room else []))
            raise
        metrics.seen.inc(sum(answers[: len(confirmed)]))
        for socket, values in zip(arrivals, answers[len(confirmed) :], strict=True):
            for push, value in _readable(values):
                self._offer(socket, push, value, "pending")

    async def _ask(self, arrivals: list[Socket], confirmed: list[tuple[str, str]]) -> list[Any]:
        """One answer a confirmation, 1 if something was pending, and then the pending pushes of each arrival."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for user, event_id in confirmed:
                keys = [PENDING_KEY + user, pushes.OPEN, pushes.OUTCOMES]
                pipeline.eval(pushes.CLOSE, 3, *keys, event_id, user, pushes.SEEN, str(int(time.time() * 1000)))
            for socket in arrivals:
                pipeline.hvals(PENDING_KEY + socket.person.user)
            return await pipeline.execute()

    def _offer(self, socket: Socket, push: EmergencyCalm, value: bytes, how: str) -> None:
        if push.expires < time.time() * 1000:
            return
        if socket.offered is None:
            socket.offered = set()
        if push.event_id not in socket.offered:
            socket.offered.add(push.event_id)
            if socket.offer(value):
                metrics.pushes.labels(how).inc()


def _first(queue: deque[T]) -> list[T]:
    """Takes the first A_PIPELINE out of the queue."""
    return [queue.popleft() for _ in range(min(A_PIPELINE, len(queue)))]


def _readable(values: list[bytes]) -> Iterator[tuple[EmergencyCalm, bytes]]:
    for value in values:
        try:
            yield _push(value), value
        except msgspec.MsgspecError as error:
            log.error("push_unreadable", error=str(error))
