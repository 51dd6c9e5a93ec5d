"""Rounds of what can happen to the workers of a stream, and for how long its partitions stood still meanwhile."""

from __future__ import annotations

import random
import shutil
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from dataflows.biosync.source.membership import SESSION_SECONDS
from tests.dataflows.harness import PARTITIONS
from tests.dataflows.workers import Worker, Workers

MOST = 4
SHARED_SECONDS = 90.0
_SAMPLE_SECONDS = 0.1
_LONGEST_AWAY = 30.0


class Wrong(Exception):
    """What no round may end with."""


class Rounds:
    """Of the workers of a stream; `live` are those that should read."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.live: list[Worker] = [workers.add()]
        self.gaps: list[tuple[str, float]] = []
        """What happened, and the seconds for which nobody read a partition then."""
        self._hung: Worker | None = None
        """May end when it finds that another has its partitions; nobody else may."""
        self._happening = "start"
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()
        self.settle()

    def round(self, chance: random.Random) -> str:
        """One of what can happen; returns when all partitions are read again."""
        things: list[Callable[[random.Random], None]] = [self.kill, self.restart, self.wipe, self.hang, self.away]
        if len(self.live) < MOST:
            things += [self.add, self.add]
        if len(self.live) > 1:
            things += [self.stop]
        thing = chance.choice(things)
        self._happening = thing.__name__
        thing(chance)
        self.settle()
        return thing.__name__

    def close(self) -> None:
        self._over.set()
        self._sampler.join()

    def add(self, _: random.Random) -> None:
        self.live.append(self.workers.add())

    def stop(self, chance: random.Random) -> None:
        if (code := self._remove(chance).stop(signal.SIGTERM)) != 0:
            raise Wrong("a worker that was told to end has failed", f"it ended with {code}")

    def kill(self, chance: random.Random) -> None:
        """With its node: nobody comes back with its disk."""
        self._remove(chance).stop(signal.SIGKILL)
        if not self.live:
            self.add(chance)

    def restart(self, chance: random.Random) -> None:
        """As the kubelet does: the disk stays."""
        killed = self._remove(chance)
        killed.stop(signal.SIGKILL)
        self.live.append(self.workers.add(killed.disk))

    def wipe(self, chance: random.Random) -> None:
        killed = self._remove(chance)
        killed.stop(signal.SIGKILL)
        shutil.rmtree(killed.disk, ignore_errors=True)  # an idle one has none
        self.live.append(self.workers.add(killed.disk))

    def hang(self, chance: random.Random) -> None:
        """For less than a session, or for so long that others have its partitions when it goes on."""
        if len(self.live) == 1:
            self.add(chance)
            self.settle()
        hung = self._remove(chance)
        hung.process.send_signal(signal.SIGSTOP)
        try:
            if chance.random() < 0.5:
                time.sleep(chance.uniform(0.0, SESSION_SECONDS))
            else:
                self.settle()
        finally:
            hung.process.send_signal(signal.SIGCONT)
        self._hung = hung
        deadline = time.monotonic() + SHARED_SECONDS
        while hung.process.poll() is None and not hung.ready():
            if time.monotonic() > deadline:
                raise Wrong("a worker that hung neither ended nor came back")
            time.sleep(_SAMPLE_SECONDS)
        if hung.process.poll() is None:
            self.live.append(hung)

    def away(self, chance: random.Random) -> None:
        """S3 does not answer, while a worker comes, goes or dies."""
        self.workers.stream.gate.closed = True
        try:
            chance.choice([self.add if len(self.live) < MOST else self.kill, self.restart, self.kill])(chance)
            time.sleep(chance.uniform(1.0, _LONGEST_AWAY))
        finally:
            self.workers.stream.gate.closed = False

    def settle(self) -> None:
        """Wait until all live workers are ready, and each partition is read by one of them."""
        deadline = time.monotonic() + SHARED_SECONDS
        while True:
            for worker in [one for one in self.live if one.process.poll() is not None]:
                if worker is not self._hung:
                    raise Wrong("a worker ended by itself", worker.process.poll())
                self.live.remove(worker)
            theirs = [worker.partitions() for worker in self.live]
            read = sum(map(len, theirs)) == len(set[str]().union(*theirs)) == PARTITIONS
            if read and all(worker.ready() for worker in self.live):
                return
            if time.monotonic() > deadline:
                raise Wrong("a partition has no worker, or two", theirs)
            time.sleep(_SAMPLE_SECONDS)

    def _remove(self, chance: random.Random) -> Worker:
        return self.live.pop(chance.randrange(len(self.live)))

    def _sample(self) -> None:
        read_at = dict.fromkeys(map(str, range(PARTITIONS)), time.monotonic())
        with ThreadPoolExecutor(MOST) as pool:
            while not self._over.wait(_SAMPLE_SECONDS):
                now = time.monotonic()
                for partition in set[str]().union(*pool.map(Worker.partitions, list(self.live))):
                    if (gap := now - read_at[partition]) > 5 * _SAMPLE_SECONDS:
                        self.gaps.append((self._happening, gap))
                    read_at[partition] = now
