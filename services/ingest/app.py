"""Wires ingest: FastAPI for health and metrics, the stream beside it, Kafka and Redis behind both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from redis.asyncio import Redis
from starlette.types import ASGIApp, Receive, Scope, Send

from services.ingest import gc
from services.ingest.admission import SILENT, Close, Limits
from services.ingest.delivery.pipeline import Intake
from services.ingest.endpoint import Stream
from services.ingest.pushes import Pushes
from services.ingest.registry import People
from services.ingest.settings import IngestSettings
from services.kit import app as kit
from services.kit import logs
from services.kit.jwks import KeysUnavailable
from services.kit.tokens import Verifier

log = logs.get(__name__)

PATH = "/v1/stream"
SWEEP_SECONDS = 15.0
KEYS_RETRY_SECONDS = 1.0


class Ingest:
    """The ASGI application. Sockets of the stream don't pass FastAPI's middleware and router.

    Once the handshake is through, no coroutine and no task belongs to a socket.
    """

    def __init__(self, settings: IngestSettings, broken: Callable[[], None]) -> None:
        limits = Limits(
            settings.connection_limit(),
            settings.connections_a_user,
            settings.frames_a_second,
            settings.frames_at_once,
        )
        self.settings = settings
        self.people = People(limits)
        self.redis = Redis.from_url(settings.redis_url, health_check_interval=15, socket_connect_timeout=2)
        self.pushes = Pushes(self.redis, self.people)
        self._broken = broken
        self._stream: Stream | None = None
        self._intake: Intake | None = None
        self._verifier = Verifier.configured(settings)
        self._keys_found = False
        self._http: ASGIApp = kit.create(
            "ingest", checks={"kafka": self._check_kafka, "keys": self._check_keys}, lifespan=self._lifespan
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == PATH and self._stream is not None:
            await self._stream(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def drain(self, seconds: float) -> None:
        """Reads no more and acknowledges what was read, as far as Kafka takes it within `seconds`."""
        if self._stream is not None and self._intake is not None:
            self._stream.draining = True
            await self._intake.drain(seconds)

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        settings = self.settings
        self._intake = Intake(
            settings.kafka_bootstrap, settings.topic, settings.pack_seconds, settings.backlog_bytes, self._broken
        )
        self._stream = Stream(self._verifier, self.people, self._intake, self.pushes)
        chores = [
            asyncio.create_task(chore)
            for chore in (self._find_topic(), self._find_keys(), self.pushes.run(), self._sweep())
        ]
        for chore in chores:
            chore.add_done_callback(self._ended)
        gc.tune()
        try:
            yield
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.wait(chores)
            await self.redis.aclose()

    def _ended(self, chore: asyncio.Task[None]) -> None:
        if not chore.cancelled() and (error := chore.exception()) is not None:
            log.critical("chore_failed", exc_info=error)
            self._broken()

    async def _check_kafka(self) -> None:
        assert self._intake is not None
        await self._intake.check()

    async def _find_topic(self) -> None:
        assert self._intake is not None
        partitions = await self._intake.start()
        log.info("topic_found", topic=self.settings.topic, partitions=partitions)

    async def _check_keys(self) -> None:
        if not self._keys_found:
            raise LookupError("no keys to verify tokens with yet")

    async def _find_keys(self) -> None:
        """Fetches the keys before anybody needs them: after a restart thousands of wearables come at once."""
        while not self._keys_found:
            try:
                await self._verifier.keys.containing("")
            except KeysUnavailable as error:
                log.warning("waiting_for_keys", error=str(error))
                await asyncio.sleep(KEYS_RETRY_SECONDS)
            else:
                self._keys_found = True

    async def _sweep(self) -> None:
        """Closes sockets that were silent for too long, unless it is us who don't listen; TCP notices who is gone.

        Who does not take what we say is not read, and silent: TCP never gives up on one that takes a byte now and then.
        """
        loop = asyncio.get_running_loop()
        silence = self.settings.silence_seconds
        while True:
            await asyncio.sleep(min(SWEEP_SECONDS, silence / 2))
            now = loop.time()
            for socket in self.people.sockets():
                if now - socket.heard > silence and not socket.held:
                    socket.close(Close(SILENT, f"nothing was heard for {silence:g} s"))
            self.people.forget(now)
