"""Which gateways say that their region serves, looked at from outside all the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

LOOK_SECONDS = 0.25


@dataclass
class Activity:
    """`serves` says of each region whether it answers `/active` at this moment; it may take seconds to."""

    serves: Mapping[str, Callable[[], bool]]
    active: dict[str, bool] = field(default_factory=dict)
    """As last seen."""
    at_once: int = 0
    """Regions that said so at the same time, at most."""
    _none_since: float | None = None
    _longest_s: float = 0.0
    _changed: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Activity:
        for region in self.serves:
            threading.Thread(target=self._look, args=[region], name=f"activity of {region}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def seen(self, region: str, serves: bool, now: float) -> None:
        """`now` in seconds of a clock without steps."""
        with self._changed:
            self.active[region] = serves
            count = sum(self.active.values())
            self.at_once = max(self.at_once, count)
            if count:
                self._longest_s = max(self._longest_s, self._silent_s(now))
                self._none_since = None
            elif self._none_since is None:
                self._none_since = now

    def longest_s(self, now: float) -> float:
        """The longest time in which no region served, a time that has not ended included."""
        with self._changed:
            return max(self._longest_s, self._silent_s(now))

    def serving(self) -> str | None:
        """The region that serves."""
        with self._changed:
            return next((region for region, serves in self.active.items() if serves), None)

    def _silent_s(self, now: float) -> float:
        return now - self._none_since if self._none_since is not None else 0.0

    def _look(self, region: str) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.seen(region, self.serves[region](), time.monotonic())
