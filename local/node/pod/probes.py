"""Probes: the checks, and when enough of them have gone one way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from local.node.api import Object

Exec = Callable[[list[str]], Awaitable[tuple[int, str]]]
"""Runs a command inside the container: exit code and output."""


@dataclass(frozen=True)
class ProbeState:
    """Results in a row of one probe, and the verdict so far (None: still open)."""

    success_threshold: int
    failure_threshold: int
    result: bool | None = None
    streak: int = 0
    last: bool | None = None

    @classmethod
    def for_probe(cls, probe: Object) -> ProbeState:
        return cls(probe.get("successThreshold", 1), probe.get("failureThreshold", 3))

    def record(self, passed: bool) -> ProbeState:
        """The verdict changes once as many results in a row say so as the threshold asks."""
        streak = self.streak + 1 if passed == self.last else 1
        enough = streak >= (self.success_threshold if passed else self.failure_threshold)
        verdict = passed if enough else self.result
        return ProbeState(self.success_threshold, self.failure_threshold, verdict, streak, passed)


async def run_handler(probe: Object, container: Object, address: str, execute: Exec) -> str | None:
    """Runs the probe once: None when it passed, else why not. Bounded by the probe's timeoutSeconds."""
    seconds = probe.get("timeoutSeconds", 1)
    try:
        return await asyncio.wait_for(_run_handler(probe, container, address, execute), seconds)
    except TimeoutError:
        return f"no answer within {seconds} s"
    except (OSError, aiohttp.ClientError, LookupError) as error:
        return str(error) or type(error).__name__


async def _run_handler(probe: Object, container: Object, address: str, execute: Exec) -> str | None:
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
        code, output = await execute(probe["exec"]["command"])
        return None if code == 0 else f"exit code {code}: {output.strip()[-200:]}"
    raise LookupError(f"this node has no probe of the kind {', '.join(probe.keys() & {'grpc'}) or 'given'}")


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


def resolve_port(container: Object, wanted: int | str) -> int:
    """A port number, or that of the container's port of this name; raises LookupError."""
    if isinstance(wanted, int) or wanted.isdigit():
        return int(wanted)
    for declared in container.get("ports", []):
        if declared.get("name") == wanted:
            return declared["containerPort"]
    raise LookupError(f"container {container['name']} has no port named {wanted}")
