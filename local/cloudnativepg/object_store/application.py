"""GET, PUT and DELETE /<key>, and GET /?prefix=: the objects as HTTP, for the bearer of the token."""

from __future__ import annotations

import asyncio
import hmac
import tempfile
from collections.abc import Awaitable, Callable

from aiohttp import web

from local.cloudnativepg.object_store.bucket import Bucket, Missing, Refused

_IN_MEMORY = 32 << 20
_CHUNK = 1 << 20
_NO_LIMIT = 0


def create(bucket: Bucket, token: str) -> web.Application:
    app = web.Application(middlewares=[_errors(token)], client_max_size=_NO_LIMIT)
    app.router.add_get("/healthz", _healthy)
    app.router.add_get("/", lambda request: _keys(bucket, request))
    app.router.add_get("/{key:.+}", lambda request: _get(bucket, request))
    app.router.add_put("/{key:.+}", lambda request: _put(bucket, request))
    app.router.add_delete("/{key:.+}", lambda request: _delete(bucket, request))
    return app


def _errors(token: str) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def middleware(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if request.path != "/healthz" and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise web.HTTPUnauthorized(text="the token is not that of this instance")
        try:
            return await handler(request)
        except Missing as error:
            raise web.HTTPNotFound(text=f"there is no {error}") from error
        except Refused as error:
            raise web.HTTPBadGateway(text=str(error)) from error

    return middleware


async def _healthy(_: web.Request) -> web.Response:
    return web.Response()


async def _keys(bucket: Bucket, request: web.Request) -> web.Response:
    return web.json_response(await asyncio.to_thread(bucket.keys, request.query.get("prefix", "")))


async def _get(bucket: Bucket, request: web.Request) -> web.StreamResponse:
    chunks = await asyncio.to_thread(bucket.get, request.match_info["key"])
    response = web.StreamResponse()
    await response.prepare(request)
    while chunk := await asyncio.to_thread(next, chunks, b""):
        await response.write(chunk)
    await response.write_eof()
    return response


async def _put(bucket: Bucket, request: web.Request) -> web.Response:
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
        async for chunk in request.content.iter_chunked(_CHUNK):
            body.write(chunk)
        body.seek(0)
        await asyncio.to_thread(bucket.put, request.match_info["key"], body)
    return web.Response(status=201)


async def _delete(bucket: Bucket, request: web.Request) -> web.Response:
    await asyncio.to_thread(bucket.delete, request.match_info["key"])
    return web.Response(status=204)
