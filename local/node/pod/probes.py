"""Probes: their handlers, and success and failure thresholds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from local.node.api import Object

Exec = Callable[[list[str]], Awaitable[tuple[int, str]]]
"""Runs a command in the container; returns exit code and output."""


@dataclass(frozen=True)
class ProbeState:
    """Consecutive results of one probe, and its result so far (None: no threshold reached yet)."""

    success_threshold: int
    failure_threshold: int
    result: bool | None = None
    consecutive: int = 0
    last: bool | None = None

    @classmethod
    def for_probe(cls, probe: Object) -> ProbeState:
        return cls(probe.get("successThreshold", 1), probe.get("failureThreshold", 3))

    def record(self, success: bool) -> ProbeState:
        """The result changes after as many consecutive equal results as its threshold."""
        consecutive = self.consecutive + 1 if success == self.last else 1
        enough = consecutive >= (self.success_threshold if success else self.failure_threshold)
        result = success if enough else self.result
        return ProbeState(self.success_threshold, self.failure_threshold, result, consecutive, success)


async def run_handler(probe: Object, container: Object, address: str, exec_command: Exec) -> str | None:
    """Runs the handler of a probe or hook once, within timeoutSeconds; returns None on success, else the error."""
    seconds = probe.get("timeoutSeconds", 1)
    try:
        async with asyncio.timeout(seconds):
            return await _run_handler(probe, container, address, exec_command)
    except TimeoutError:
        return f"no answer within {seconds} s"
    except (OSError, aiohttp.ClientError, LookupError) as error:
        return str(error) or type(error).__name__


async def _run_handler(probe: Object, container: Object, address: str, exec_command: Exec) -> str | None:
    if "httpGet" in probe:
        return await _http(probe["httpGet"], container, address)
    if "tcpSocket" in probe:
        target = probe["tcpSocket"]
        _, writer = await asyncio.open_connection(
            target.get("host") or address, resolve_port(container, target["port"])
        )
        writer.close()
        return None
    if "exec" in probe:
        code, output = await exec_command(probe["exec"]["command"])
        return None if code == 0 else f"exit code {code}: {output.strip()[-200:]}"
    raise LookupError(f"unsupported kind of handler: {', '.join(probe.keys() & {'grpc'}) or 'none given'}")


async def _http(target: Object, container: Object, address: str) -> str | None:
    scheme, host = target.get("scheme", "HTTP").lower(), target.get("host") or address
    url = f"{scheme}://{host}:{resolve_port(container, target['port'])}{target.get('path') or '/'}"
    headers = {"User-Agent": "kube-probe/1.36", "Connection": "close"}
    headers |= {header["name"]: header["value"] for header in target.get("httpHeaders", [])}
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, ssl=False, allow_redirects=False, headers=headers) as response,
    ):
        return None if 200 <= response.status < 400 else f"HTTP probe failed with statuscode: {response.status}"


def resolve_port(container: Object, port: int | str) -> int:
    """A port number, given as such or by the name of a container port; raises LookupError."""
    if isinstance(port, int) or port.isdigit():
        return int(port)
    for declared in container.get("ports", []):
        if declared.get("name") == port:
            return declared["containerPort"]
    raise LookupError(f"container {container['name']} has no port named {port}")
