"""The kubelet's HTTPS server, as far as the API server needs it: logs, exec and metrics of resources."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import Callable
from pathlib import Path

from aiohttp import WSMsgType, web

from local.node.node import Node
from local.node.pod.container import Container
from local.node.registration import KUBELET_PORT

_FOLLOW_SECONDS = 0.2
_CHUNK = 65536
_STDIN, _STDOUT, _STDERR, _ERROR, _CLOSE = 0, 1, 2, 3, 255
"""Channels of the v5.channel.k8s.io protocol: the first byte of every message."""


class KubeletServer:
    """Listens on the node's address; only the API server's client certificate is accepted."""

    def __init__(self, node: Node) -> None:
        self._node = node
        app = web.Application()
        app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._logs)
        app.router.add_route("*", "/exec/{namespace}/{pod}/{container}", self._exec)
        app.router.add_get("/metrics/resource", self._resource_metrics)
        app.router.add_get("/healthz", self._healthz)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)

    async def start(self) -> None:
        settings = self._node.settings
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(settings.authority))
        context.load_cert_chain(settings.certificate, settings.key)
        context.verify_mode = ssl.CERT_REQUIRED
        await self._runner.setup()
        await web.TCPSite(self._runner, self._node.address, KUBELET_PORT, ssl_context=context).start()

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _resource_metrics(self, _: web.Request) -> web.Response:
        return web.Response(text=await self._node.resource_metrics())

    def _container(self, request: web.Request) -> Container:
        path = request.match_info
        pod = self._node.find_pod(path["namespace"], path["pod"])
        for container in pod.containers if pod else ():
            if container.name == path["container"]:
                return container
        raise web.HTTPNotFound(text=f"container {path['container']} of pod {path['pod']} is not on this node")

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        container, query = self._container(request), request.query
        status = container.status
        number = status.run - 1 if query.get("previous") == "true" else status.run
        if status.started_at is None and query.get("previous") != "true" and status.run:
            number -= 1  # waiting to restart: show the log of the last run
        file = container.run(number).log
        if number < 0 or not file.exists():
            waiting = f'container "{container.name}" is waiting to start: {status.waiting or "ContainerCreating"}'
            raise web.HTTPBadRequest(
                text=waiting if status.run == 0 else f"run {number} of {container.name} left no log"
            )
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)

        def running() -> bool:
            return container.status.running and container.status.run == number

        with contextlib.suppress(ConnectionResetError):  # the client closed the connection
            await _send_file(response, file, query.get("tailLines"), query.get("follow") == "true", running)
            await response.write_eof()
        return response

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        container, query = self._container(request), request.query
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise web.HTTPBadRequest(text="this node supports exec over WebSocket only")
        socket = web.WebSocketResponse(protocols=("v5.channel.k8s.io", "v4.channel.k8s.io"), max_msg_size=0)
        await socket.prepare(request)
        with_stdin = any(query.get(name) in ("1", "true") for name in ("stdin", "input"))
        run = container.run()
        try:
            child = await asyncio.create_subprocess_exec(
                *run.exec_argv(query.getall("command")),
                env=run.environment(),
                stdin=asyncio.subprocess.PIPE if with_stdin else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            await _close(socket, {"status": "Failure", "message": str(error), "reason": "InternalError", "code": 500})
            return socket
        stdin = asyncio.create_task(_forward_stdin(socket, child))
        assert child.stdout is not None
        assert child.stderr is not None
        await asyncio.gather(
            _forward_output(child.stdout, socket, _STDOUT), _forward_output(child.stderr, socket, _STDERR)
        )
        code = await child.wait()
        stdin.cancel()
        await _close(socket, _result(code))
        return socket


async def _send_file(
    response: web.StreamResponse, file: Path, tail: str | None, follow: bool, running: Callable[[], bool]
) -> None:
    with file.open("rb") as stream:
        if tail is not None:
            lines = stream.read().splitlines(keepends=True)
            await response.write(b"".join(lines[-int(tail) :] if int(tail) else []))
        while True:
            last = not (follow and running())
            while chunk := stream.read(_CHUNK):
                await response.write(chunk)
            if last:
                return
            await asyncio.sleep(_FOLLOW_SECONDS)


async def _forward_stdin(socket: web.WebSocketResponse, child: asyncio.subprocess.Process) -> None:
    """Forwards the client's input; kills the command when the client disconnects."""
    async for message in socket:
        if message.type is not WSMsgType.BINARY or not message.data or child.stdin is None:
            continue
        if message.data[0] == _STDIN:
            child.stdin.write(message.data[1:])
            await child.stdin.drain()
        elif message.data[0] == _CLOSE:
            child.stdin.close()
    if child.returncode is None:
        child.kill()


async def _forward_output(stream: asyncio.StreamReader, socket: web.WebSocketResponse, channel: int) -> None:
    while data := await stream.read(_CHUNK):
        with contextlib.suppress(ConnectionResetError):  # keep reading, so that the command does not block
            await socket.send_bytes(bytes([channel]) + data)


def _result(code: int) -> dict[str, object]:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "reason": "NonZeroExitCode",
        "message": f"command terminated with exit code {code}",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


async def _close(socket: web.WebSocketResponse, result: dict[str, object]) -> None:
    with contextlib.suppress(ConnectionResetError):
        await socket.send_bytes(bytes([_ERROR]) + json.dumps(result).encode())
        await socket.close()
