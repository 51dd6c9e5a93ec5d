"""Which resource is reconciled next: one worker per resource, however many events ask for it.

No event is lost: one that arrives during a reconcile starts another one afterwards. Without any event a resource is
reconciled again after the time that the last reconcile asked for, with a jitter of a fifth.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import Counter, Histogram

_DEBOUNCE_SECONDS = 0.05
_BASE_DELAY_SECONDS = 0.5
_MAX_DELAY_SECONDS = 60.0
_RECONCILES = Counter("aura_operator_looks_total", "Reconciles of custom resources", ["kind", "outcome"])
_RECONCILE_SECONDS = Histogram("aura_operator_look_seconds", "Duration of a reconcile in seconds", ["kind"])
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Key:
    """A custom resource."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


Reconcile = Callable[[Key], Awaitable[float | None]]
"""Reconciles a resource; returns the seconds after which to requeue it at the latest, or None if it does not exist."""


class WorkQueue:
    """Calls `reconcile` for every key that was added, again after failures, and as often as `reconcile` asks for."""

    def __init__(self, reconcile: Reconcile) -> None:
        self._reconcile = reconcile
        self._triggers: dict[Key, asyncio.Event] = {}
        self._workers: dict[Key, asyncio.Task[None]] = {}

    def add(self, key: Key) -> None:
        """Requests a reconcile of this resource."""
        if key not in self._triggers:
            self._triggers[key] = asyncio.Event()
            self._workers[key] = asyncio.create_task(self._work(key), name=str(key))
        self._triggers[key].set()

    def keys(self, kind: str = "") -> list[Key]:
        """Known resources, of one kind or of all."""
        return [key for key in self._triggers if kind in ("", key.kind)]

    def add_known(self) -> None:
        """Requests a reconcile of every resource."""
        for key in self.keys():
            self.add(key)

    async def stop(self) -> None:
        """Cancels the workers, which end between two API calls; returns when all have ended."""
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def _work(self, key: Key) -> None:
        trigger, failures = self._triggers[key], 0
        while True:
            await asyncio.sleep(_DEBOUNCE_SECONDS)
            trigger.clear()
            try:
                with _RECONCILE_SECONDS.labels(key.kind).time():
                    requeue_after = await self._reconcile(key)
                failures = 0
                _RECONCILES.labels(key.kind, "done").inc()
            except Exception as error:
                failures += 1
                _RECONCILES.labels(key.kind, "failed").inc()
                requeue_after = min(_BASE_DELAY_SECONDS * 2 ** min(failures, 10), _MAX_DELAY_SECONDS)
                _log.exception("%s: failure %d in a row; requeued in %.1f s: %s", key, failures, requeue_after, error)
            if requeue_after is None and not trigger.is_set():
                del self._triggers[key], self._workers[key]
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout((requeue_after or 0.0) * random.uniform(0.8, 1.2)):
                    await trigger.wait()
