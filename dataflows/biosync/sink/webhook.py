"""The signed webhook that requests a response to a stress event."""

from __future__ import annotations

import time

import httpx
import msgspec
import structlog

from contracts import webhook
from contracts.records import StressEvent
from dataflows.biosync import metrics

MAX_CONCURRENT = 8
"""Concurrent requests."""
TIMEOUT_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class WebhookClient:
    """Sends requests to `url`, signed with `secret`; thread-safe."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret
        limits = httpx.Limits(max_connections=MAX_CONCURRENT, max_keepalive_connections=MAX_CONCURRENT)
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, limits=limits)

    def send(self, event: StressEvent) -> bool:
        """Send an event; whether the receiver accepted it."""
        body = msgspec.json.encode(event)
        now = time.time()
        headers = {
            "Content-Type": "application/json",
            webhook.TIMESTAMP: str(int(now)),
            webhook.SIGNATURE: webhook.sign(self._secret, int(now), body),
            webhook.IDEMPOTENCY_KEY: event.event_id,
            webhook.TRACE_ID: event.trace,
        }
        try:
            self._client.post(self._url, content=body, headers=headers).raise_for_status()
        except httpx.HTTPError as error:
            metrics.RESPONSES.labels("failed").inc()
            _log.warning("webhook_failed", event_id=event.event_id, trace_id=event.trace, error=str(error))
            return False
        metrics.RESPONSES.labels("accepted").inc()
        metrics.RESPONSE_SECONDS.observe(max(0.0, time.time() - event.received / 1000))
        return True
