"""Asks the Pods of a dataflow over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from operators.kubernetes.client import Client
from operators.kubernetes.kinds import POD

_TIMEOUT = aiohttp.ClientTimeout(total=2)


async def addresses(client: Client, namespace: str, selector: Mapping[str, str]) -> list[str]:
    """Of the Pods with these labels that are not being deleted; those without an address yet are left out."""
    pods = [one for one in await client.list(POD, namespace, selector) if "deletionTimestamp" not in one["metadata"]]
    return [address for pod in pods if (address := pod.get("status", {}).get("podIP"))]


async def get(address: str, port: int, path: str) -> tuple[int, bytes] | None:
    """Status and body of the answer; None if there is none within two seconds."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(f"http://{address}:{port}{path}") as response,
        ):
            return response.status, await response.read()
    except (aiohttp.ClientError, TimeoutError):
        return None
