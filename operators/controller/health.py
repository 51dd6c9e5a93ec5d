"""Whether the operators still see what happens: a watch that is dead looks exactly like a quiet cluster.

The holder of the Lease renews it every two seconds, and watches it like everything else: when its own renewals no
longer come back as events, it is deaf. Any watch is begun anew when not even a bookmark has come for a while.
"""

from __future__ import annotations

import time

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

DEAF_SECONDS = 30.0


class Pulse:
    """`beat` is called whenever a renewal came back through the watch. Times are on the monotonic clock."""

    def __init__(self) -> None:
        self._acting_since: float | None = None
        self._heard = 0.0

    def acting(self) -> None:
        self._acting_since = time.monotonic()

    def beat(self) -> None:
        self._heard = time.monotonic()

    def complaint(self, now: float) -> str:
        """What is wrong, or "" while all is well. One that only waits for its turn is well."""
        if self._acting_since is None:
            return ""
        silent = now - max(self._heard, self._acting_since)
        return f"no event has come through the watch for {silent:.0f} s" if silent > DEAF_SECONDS else ""


async def serve(host: str, port: int, pulse: Pulse) -> web.AppRunner:
    """Answers /healthz, /readyz and /metrics until the runner is cleaned up."""

    async def healthz(_: web.Request) -> web.Response:
        complaint = pulse.complaint(time.monotonic())
        return web.json_response({"status": complaint or "ok"}, status=503 if complaint else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", healthz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
