"""The control loop: the only one that touches processes. It makes them what the resources say, again and again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local.cloud.service import Body, Service
from local.cloud.world import World
from local.engines.runtime.process import EngineFailed

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0


def pause_after(failures: int) -> float:
    """Seconds until a resource that failed so many times in a row is tried again."""
    return min(LONGEST_PAUSE_SECONDS, TICK_SECONDS * 2.0**failures)


@dataclass
class Trouble:
    failures: int
    again: float
    """Moment of the next try, on the monotonic clock."""
    what: str


class Loop:
    """Steps every resource's body, each in one thread at a time; a failure delays only the resource that fails."""

    def __init__(self, world: World, services: Iterable[Service[Any]], save: Callable[[], None]) -> None:
        self.world = world
        self.services = list(services)
        self.save = save
        self.troubles: dict[str, Trouble] = {}
        self._busy: set[str] = set()
        self._busy_lock = threading.Lock()
        self._end = threading.Event()
        self._pool = ThreadPoolExecutor(12, thread_name_prefix="body")
        self._thread = threading.Thread(target=self._run, name="loop", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Returns when no step runs any more; steps under way are waited for."""
        self._end.set()
        self._thread.join()
        self._pool.shutdown()
        self.save()

    def tick(self, now: float) -> None:
        """Starts a step of each body that is not in the middle of one; `now` on the monotonic clock."""
        with self.world.lock:
            bodies = [body for service in self.services for body in service.bodies()]
        for body in bodies:
            trouble = self.troubles.get(body.key)
            if trouble is not None and now < trouble.again:
                continue
            with self._busy_lock:
                if body.key in self._busy:
                    continue
                self._busy.add(body.key)
            self._pool.submit(self._step, body)

    def _run(self) -> None:
        while not self._end.wait(TICK_SECONDS):
            try:
                self.tick(time.monotonic())
                if self.world.changed.is_set():
                    self.save()
            except Exception:
                log.exception("the control loop stumbled and goes on")

    def _step(self, body: Body) -> None:
        try:
            body.step()
        except Exception as error:
            known = self.troubles.get(body.key)
            failures = known.failures + 1 if known else 1
            self.troubles[body.key] = Trouble(failures, time.monotonic() + pause_after(failures), str(error))
            expected = isinstance(error, EngineFailed)
            log.error("%s, failure %d: %s", body.key, failures, error, exc_info=None if expected else error)
        else:
            self.troubles.pop(body.key, None)
        finally:
            with self._busy_lock:
                self._busy.discard(body.key)
