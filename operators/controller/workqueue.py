"""Which resource is looked at next: one worker a resource, however many reasons there are to look at it.

A reason never gets lost: one that comes while a resource is being looked at lets it be looked at again afterwards.
Without any reason it is looked at after the time that the last look asked for, spread out by a fifth.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import Counter, Histogram

_GATHER_SECONDS = 0.05
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_LOOKS = Counter("aura_operator_looks_total", "Looks at custom resources", ["kind", "outcome"])
_SECONDS = Histogram("aura_operator_look_seconds", "Seconds of a look", ["kind"])
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Key:
    """A custom resource."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


Look = Callable[[Key], Awaitable[float | None]]
"""Looks at a resource; gives the seconds after which to look again at the latest, or None when it is gone."""


class WorkQueue:
    """Calls `look` for every key that was added, again after failures and as often as `look` asks for."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._reasons: dict[Key, asyncio.Event] = {}
        self._workers: dict[Key, asyncio.Task[None]] = {}

    def add(self, key: Key) -> None:
        """There is a reason to look at this resource."""
        if key not in self._reasons:
            self._reasons[key] = asyncio.Event()
            self._workers[key] = asyncio.create_task(self._work(key), name=str(key))
        self._reasons[key].set()

    def keys(self, kind: str = "") -> list[Key]:
        """Resources that are known, of one kind or of all."""
        return [key for key in self._reasons if kind in ("", key.kind)]

    async def stop(self) -> None:
        """Ends the workers between two calls of the API; returns when all have ended."""
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def _work(self, key: Key) -> None:
        reason, failures = self._reasons[key], 0
        while True:
            await asyncio.sleep(_GATHER_SECONDS)
            reason.clear()
            try:
                with _SECONDS.labels(key.kind).time():
                    again = await self._look(key)
                failures = 0
                _LOOKS.labels(key.kind, "done").inc()
            except Exception as error:
                failures += 1
                _LOOKS.labels(key.kind, "failed").inc()
                again = min(_FIRST_PAUSE_SECONDS * 2 ** min(failures, 10), _LONGEST_PAUSE_SECONDS)
                _log.exception("%s: failed %d times in a row; next look in %.1f s: %s", key, failures, again, error)
            if again is None and not reason.is_set():
                del self._reasons[key], self._workers[key]
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reason.wait(), (again or 0.0) * random.uniform(0.8, 1.2))
