"""People who stream while the regions change: each connection goes to the region that serves then."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.checks.verdict import Verdict, verify
from cli.token import signing_key
from cli.wearables import simulated_users
from local.site import Site
from local.wearables.beats import Beat
from local.wearables.fleet import stream
from local.wearables.report import Report
from local.wearables.wearable import StreamEndpoint
from services.auth.tokens import issue

GIVEN_UP_SECONDS = 600.0
"""Without a connection for so long, a wearable gives up: the drill has failed."""


@dataclass
class People:
    site: Site
    users: int
    minutes: float
    serving: Callable[[], str | None]
    endpoints: Mapping[str, StreamEndpoint]
    """Of the stream, by region."""
    report: Report | None = None
    verdict: Verdict | None = None
    failure: Exception | None = None
    longest_s: float = 0.0
    """The longest time in which no frame of anybody was acknowledged."""
    _region: str = ""
    _changed: threading.Event = field(default_factory=threading.Event)
    _acked: tuple[int, float] = (0, 0.0)

    def start(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name="people", daemon=True)
        thread.start()
        return thread

    def changed(self, region: str) -> None:
        """The plan has been carried out: the store of this region is compared once everybody has sent everything."""
        self._region = region
        self._changed.set()

    @property
    def acknowledged(self) -> int:
        return self._acked[0]

    def _run(self) -> None:
        try:
            asyncio.run(self._stream())
        except Exception as error:  # shown in the drill's result
            self.failure = error

    async def _stream(self) -> None:
        population = simulated_users(self.users, None, self.minutes)
        key = await asyncio.to_thread(signing_key, self.site)

        async def compare(report: Report, sent: dict[str, list[Beat]]) -> None:
            await asyncio.to_thread(self._changed.wait)
            nobody_moved: dict[str, list[Any]] = {user: [] for user in sent}
            self.verdict = await verify(self.site, self._region, sent, nobody_moved, report)

        def token(user: str) -> str:
            return issue(user, [], key, time.time())

        self.report = await stream(population, self._endpoint, token, 1.0, compare, self._seen, GIVEN_UP_SECONDS)

    def _endpoint(self) -> StreamEndpoint:
        region = self.serving()
        return self.endpoints[region] if region else next(iter(self.endpoints.values()))

    def _seen(self, report: Report) -> None:
        now, (acked, since) = time.monotonic(), self._acked
        if report.acked == acked and report.acked < report.frames:
            self.longest_s = max(self.longest_s, now - since) if since else 0.0
        else:
            self._acked = report.acked, now
