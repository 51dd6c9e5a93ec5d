"""Liveness of the watches: a broken watch looks exactly like a quiet cluster.

The leader renews the Lease every two seconds, and watches it like everything else. When its own renewals no longer come
back as events, its watch is broken. Any watch is restarted when not even a bookmark has come for a while.
"""

from __future__ import annotations

import time

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

MAX_SILENCE_SECONDS = 30.0


class Liveness:
    """`on_renewal` is called for every renewal that the watch delivers. Times are on the monotonic clock."""

    def __init__(self) -> None:
        self._leading_since: float | None = None
        self._last_renewal = 0.0

    def started_leading(self) -> None:
        self._leading_since = time.monotonic()

    def on_renewal(self) -> None:
        self._last_renewal = time.monotonic()

    def liveness_error(self, now: float) -> str:
        """What is wrong, or "" if nothing. An operator that does not lead is always live."""
        if self._leading_since is None:
            return ""
        silent = now - max(self._last_renewal, self._leading_since)
        return f"no event has come through the watch for {silent:.0f} s" if silent > MAX_SILENCE_SECONDS else ""


async def serve(host: str, port: int, liveness: Liveness) -> web.AppRunner:
    """Serves /healthz, /readyz and /metrics until the runner is cleaned up."""

    async def healthz(_: web.Request) -> web.Response:
        error = liveness.liveness_error(time.monotonic())
        return web.json_response({"status": error or "ok"}, status=503 if error else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", healthz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
