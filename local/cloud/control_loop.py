"""The control loop: it alone starts and stops engines, and reconciles them with their resources periodically."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from local.cloud.context import CloudContext
from local.engines.runtime.process import EngineFailed

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
MAX_BACKOFF_SECONDS = 30.0


def backoff_after(failures: int) -> float:
    """Seconds until the next try of a resource that failed this many times in a row."""
    return min(MAX_BACKOFF_SECONDS, TICK_SECONDS * 2.0**failures)


def region_of(arn: str) -> str:
    """Empty for what is in all regions."""
    return [*arn.split(":", 4), "", "", ""][3]


class Reconciled(Protocol):
    """What the loop needs of a backing."""

    @property
    def key(self) -> str: ...

    def reconcile(self) -> None: ...


class Source(Protocol):
    """What has backings, such as a service."""

    def backings(self) -> Sequence[Reconciled]:
        """Called under the lock."""
        ...


@dataclass
class Failure:
    count: int
    """In a row."""
    retry_at: float
    """On the monotonic clock."""
    message: str


class ControlLoop:
    """Reconciles every backing, each in one thread at a time; a failure delays only the resource that fails.

    Not those of regions that are lost. What was killed stays dead, and what is decided elsewhere does not get into a
    region that is cut off: this loop is one for all regions, and would carry it over.
    """

    def __init__(self, context: CloudContext, sources: Iterable[Source], save: Callable[[], None]) -> None:
        self.context = context
        self.sources = list(sources)
        self.save = save
        self.failures: dict[str, Failure] = {}
        self._busy: set[str] = set()
        self._busy_lock = threading.Lock()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(12, thread_name_prefix="reconcile")
        self._thread = threading.Thread(target=self._run, name="loop", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def shutdown(self) -> None:
        """Waits for running reconciliations; none starts after that."""
        self._stopping.set()
        self._thread.join()
        self._pool.shutdown()
        self.save()

    def tick(self, now: float) -> None:
        """Starts the reconciliation of every backing that is idle and not backing off; `now` on the monotonic clock."""
        with self.context.lock:
            backings = [backing for source in self.sources for backing in source.backings()]
        loss = self.context.loss
        for backing in backings:
            if loss.lost(region_of(backing.key)):
                continue
            failure = self.failures.get(backing.key)
            if failure is not None and now < failure.retry_at:
                continue
            with self._busy_lock:
                if backing.key in self._busy:
                    continue
                self._busy.add(backing.key)
            self._pool.submit(self._reconcile, backing)

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            try:
                self.tick(time.monotonic())
                if self.context.changed.is_set():
                    self.save()
            except Exception:
                log.exception("a pass of the control loop failed; the next one follows")

    def _reconcile(self, backing: Reconciled) -> None:
        try:
            backing.reconcile()
        except Exception as error:
            known = self.failures.get(backing.key)
            failures = known.count + 1 if known else 1
            self.failures[backing.key] = Failure(failures, time.monotonic() + backoff_after(failures), str(error))
            expected = isinstance(error, EngineFailed)
            log.error("%s, failure %d: %s", backing.key, failures, error, exc_info=None if expected else error)
        else:
            self.failures.pop(backing.key, None)
        finally:
            with self._busy_lock:
                self._busy.discard(backing.key)
