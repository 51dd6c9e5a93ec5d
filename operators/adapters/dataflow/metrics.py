"""Scrapes the metrics of a dataflow's workers, and asks what a sink waits for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import aiohttp

from operators.adapters.dataflow.lag import LagSample, parse
from operators.adapters.dataflow.snapshots import SnapshotSample, parse_snapshots
from operators.kubernetes.client import Client
from operators.kubernetes.kinds import POD
from operators.kubernetes.manifest import Manifest, Owner

_TIMEOUT = aiohttp.ClientTimeout(total=2)


async def scrape(
    client: Client, owner: Owner, port: int, partitions: int
) -> tuple[LagSample | None, SnapshotSample | None]:
    """What the workers in the ready Pods tell; None without such a Pod, and for a lag that is not completely known."""
    ready = [pod for pod in await client.list(POD, owner.namespace, owner.selector) if _is_ready(pod)]
    if not ready:
        return None, None
    texts = await asyncio.gather(*(_metrics(pod["status"]["podIP"], port) for pod in ready))
    since = min(datetime.fromisoformat(pod["status"]["startTime"]) for pod in ready)
    return parse(texts, partitions, datetime.now(UTC)), parse_snapshots(texts, since)


async def stalled(client: Client, owner: Owner, port: int) -> str:
    """Which sink of the dataflow has written nothing for a minute, and why; empty if none is known to."""
    for pod in await client.list(POD, owner.namespace, owner.selector):
        address = pod.get("status", {}).get("podIP")
        if not address or "deletionTimestamp" in pod["metadata"]:
            continue
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.get(f"http://{address}:{port}/readyz") as response,
            ):
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            continue
        if isinstance(answer, dict) and answer.get("status") == "stalled":
            return str(answer.get("why", ""))
    return ""


def _is_ready(pod: Manifest) -> bool:
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
    return ready and "deletionTimestamp" not in pod["metadata"]


async def _metrics(address: str, port: int) -> str:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(f"http://{address}:{port}/metrics") as response,
        ):
            return await response.text() if response.status == 200 else ""
    except (aiohttp.ClientError, TimeoutError):
        return ""
