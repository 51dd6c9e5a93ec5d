"""A service behind the gateway, as a process that can be killed: `python -m tests.gateway.upstream NAME HOST PORT`.

Returns the request after `delay` ms, with the header Referrer-Policy if `referrer` says one; /v1/stream echoes over a
WebSocket; /posts is the number of POSTs so far.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import WSMsgType, web

posts = 0


async def count(_: web.Request) -> web.Response:
    return web.json_response({"posts": posts})


async def answer(request: web.Request) -> web.Response:
    global posts
    posts += request.method == "POST"
    await asyncio.sleep(float(request.query.get("delay", "0")) / 1000)
    body = (await request.read()).decode()
    headers = {name.lower(): value for name, value in request.headers.items()}
    seen = {"server": sys.argv[1], "path": request.path_qs, "headers": headers, "body": body}
    own = {"Referrer-Policy": policy} if (policy := request.query.get("referrer")) else {}
    return web.json_response(seen, headers=own)


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=["bearer"])
    await socket.prepare(request)
    await socket.send_json({"server": sys.argv[1], "headers": {k.lower(): v for k, v in request.headers.items()}})
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(f"echo:{message.data}")
    return socket


def main() -> None:
    app = web.Application(client_max_size=8 << 20)
    app.router.add_get("/{prefix:.*}v1/stream", echo)
    app.router.add_get("/posts", count)
    app.router.add_route("*", "/{path:.*}", answer)
    web.run_app(app, host=sys.argv[2], port=int(sys.argv[3]), print=lambda *_: None, access_log=None)


if __name__ == "__main__":
    main()
