"""Restarts processes that have ended, like a node does."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from local.engines.runtime.process import EngineFailed, Process

POLL_SECONDS = 0.1
RETRY_SECONDS = 0.5


@dataclass
class Member:
    """A process; `start` starts it and returns when it is `ready`."""

    name: str
    process: Process
    start: Callable[[], object]
    ready: Callable[[], bool]
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Prevents a concurrent kill and start, which would lose the record of the process."""


class Supervisor:
    """Supervises `members`, each in its own thread."""

    def __init__(self, members: list[Member]) -> None:
        self.members = {member.name: member for member in members}
        self.ended: Counter[str] = Counter()
        """How often each process has ended, killed or not."""
        self.failures: list[str] = []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._supervise, args=(member,), daemon=True) for member in members]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all its children."""
        member = self.members[name]
        with member.lock:
            member.process.kill()

    def wait_until_ready(self, seconds: float) -> None:
        """Returns when every member is ready."""
        deadline = time.monotonic() + seconds
        while missing := [member.name for member in self.members.values() if not member.ready()]:
            assert time.monotonic() < deadline, f"not ready after {seconds:g} s: {missing}; {self.failures}"
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stops the supervision; the processes keep running."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _supervise(self, member: Member) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            with member.lock:
                if member.process.pid() is not None:
                    continue
                self.ended[member.name] += 1
                try:
                    member.start()
                except EngineFailed as error:
                    self.failures.append(f"{member.name}: {error}")
                    self._stopped.wait(RETRY_SECONDS)
