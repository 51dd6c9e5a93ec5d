"""The ASGI application of ingest: FastAPI for health and metrics, and the stream endpoint beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from redis.asyncio import Redis
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.frames import CloseCode

from contracts.connections import redis_options
from services.ingest import gc_tuning
from services.ingest.admission import Limits
from services.ingest.delivery.pipeline import DeliveryPipeline
from services.ingest.endpoint import StreamEndpoint
from services.ingest.pushes import PushDispatcher
from services.ingest.registry import ConnectionRegistry
from services.ingest.settings import IngestSettings
from services.ingest.websocket.framing import Close
from services.kit import app as kit
from services.kit import logs
from services.kit.jwks import KeysUnavailable
from services.kit.region import Gate, gate_of_environment
from services.kit.tokens import Verifier

log = logs.get(__name__)

PATH = "/v1/stream"
IDLE_CHECK_SECONDS = 15.0
KEYS_RETRY_SECONDS = 1.0
EXPIRY_CHECK_SECONDS = 1.0
REGION_CHECK_SECONDS = 0.5
CLOSES_PER_ITERATION = 200
"""Connections closed in one iteration of the event loop: tokens issued at once end at once."""


class Ingest:
    """The application. Connections of the stream bypass FastAPI's middleware and router.

    After the handshake a connection has no coroutine and no task.
    """

    def __init__(self, settings: IngestSettings, on_fatal: Callable[[], None], gate: Gate | None = None) -> None:
        limits = Limits(
            settings.connection_limit(),
            settings.connections_a_user,
            settings.frames_a_second,
            settings.frames_at_once,
        )
        self.settings = settings
        self.registry = ConnectionRegistry(limits)
        self.redis = Redis.from_url(
            settings.redis_url,
            health_check_interval=15,
            socket_connect_timeout=2,
            **redis_options(settings.redis_url, settings.ca_file),
        )
        self.pushes = PushDispatcher(self.redis, self.registry)
        self._on_fatal = on_fatal
        self._endpoint: StreamEndpoint | None = None
        self._pipeline: DeliveryPipeline | None = None
        self._verifier = Verifier.from_settings(settings)
        self._keys_fetched = False
        self._gate = gate or gate_of_environment()
        checks = {"kafka": self._check_kafka, "keys": self._check_keys}
        self._http: ASGIApp = kit.create("ingest", checks=checks, lifespan=self._lifespan, gate=self._gate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == PATH and self._endpoint is not None:
            await self._endpoint(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def drain(self, seconds: float) -> None:
        """Stops accepting messages and acknowledges those accepted, as far as Kafka stores them within `seconds`."""
        if self._endpoint is not None and self._pipeline is not None:
            self._endpoint.draining = True
            await self._pipeline.drain(seconds)

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        settings = self.settings
        self._pipeline = DeliveryPipeline(
            settings.kafka_client, settings.topic, settings.pack_seconds, settings.backlog_bytes, self._on_fatal
        )
        self._endpoint = StreamEndpoint(self._verifier, self.registry, self._pipeline, self.pushes, self._gate)
        tasks = [
            asyncio.create_task(task)
            for task in (
                self._wait_for_topic(),
                self._fetch_keys(),
                self.pushes.run(),
                self._close_idle(),
                self._close_expired(self._endpoint),
                self._follow_region(self._endpoint),
            )
        ]
        for task in tasks:
            task.add_done_callback(self._on_task_done)
        gc_tuning.tune()
        try:
            yield
        finally:
            for task in tasks:
                task.remove_done_callback(self._on_task_done)
                task.cancel()
            await asyncio.wait(tasks)
            await self.redis.aclose()

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:
            log.critical("background_task_failed", cancelled=task.cancelled(), exc_info=error)
            self._on_fatal()

    async def _check_kafka(self) -> None:
        assert self._pipeline is not None
        await self._pipeline.check()

    async def _wait_for_topic(self) -> None:
        assert self._pipeline is not None
        partitions = await self._pipeline.start()
        log.info("topic_found", topic=self.settings.topic, partitions=partitions)

    async def _check_keys(self) -> None:
        if not self._keys_fetched:
            raise LookupError("the keys that verify tokens have not been fetched yet")

    async def _fetch_keys(self) -> None:
        """Fetches the keys in advance: after a restart thousands of wearables connect at once."""
        while not self._keys_fetched:
            try:
                await self._verifier.keys.key_set("")
            except KeysUnavailable as error:
                log.warning("waiting_for_keys", error=str(error))
                await asyncio.sleep(KEYS_RETRY_SECONDS)
            else:
                self._keys_fetched = True

    async def _close_idle(self) -> None:
        """Closes idle connections, except those whose reading we paused; TCP keep-alive detects lost peers.

        A client that does not read is not read either and becomes idle: TCP never times out one that takes a byte now
        and then.
        """
        loop = asyncio.get_running_loop()
        timeout = self.settings.silence_seconds
        while True:
            await asyncio.sleep(min(IDLE_CHECK_SECONDS, timeout / 2))
            now = loop.time()
            for connection in self.registry.connections():
                if now - connection.last_activity > timeout and not connection.reading_paused:
                    connection.close(Close(CloseCode.GOING_AWAY, f"idle for {timeout:g} s"))
            self.registry.prune(now)

    async def _close_expired(self, endpoint: StreamEndpoint) -> None:
        """Closes connections whose token has ended: one sweep of those that are due, no timer for each."""
        while True:
            await asyncio.sleep(EXPIRY_CHECK_SECONDS)
            for count, connection in enumerate(self.registry.take_expired(time.time()), 1):
                endpoint.close_expired(connection)
                if count % CLOSES_PER_ITERATION == 0:
                    await asyncio.sleep(0)

    async def _follow_region(self, endpoint: StreamEndpoint) -> None:
        """While the region may not serve, nothing is taken and no connection stays: its client finds the other region.

        What was taken before is still stored and acknowledged.
        """
        while True:
            for count, connection in enumerate(self.registry.connections() if self._gate.refusal() else (), 1):
                endpoint.close_fenced(connection)
                if count % CLOSES_PER_ITERATION == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(REGION_CHECK_SECONDS)
