"""Serves the page and its stream of views (server-sent events)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.responses import Response, StreamingResponse
from fastapi.staticfiles import StaticFiles

from local.page.poller import PlatformPoller
from local.site import Site

STATIC = Path(__file__).parent / "static"


class _NoCacheFiles(StaticFiles):
    """Files that a browser revalidates each time, so that the page matches the server's views."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def create(site: Site) -> FastAPI:
    poller = PlatformPoller(site)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        polling = asyncio.create_task(poller.run())
        yield
        polling.cancel()

    app = FastAPI(title="Aura", lifespan=lifespan, openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/views")
    async def views(user: str | None = None) -> StreamingResponse:
        async def messages() -> AsyncIterator[bytes]:
            async with contextlib.aclosing(poller.views(user)) as found:
                async for view in found:
                    yield b"data: " + msgspec.json.encode(view) + b"\n\n"

        return StreamingResponse(messages(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    app.mount("/", _NoCacheFiles(directory=STATIC, html=True))
    return app
