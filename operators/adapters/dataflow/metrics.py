"""Scrapes the metrics of a dataflow's workers."""

from __future__ import annotations

from datetime import UTC, datetime

import aiohttp

from operators.adapters.dataflow.lag import LagSample, parse
from operators.kubernetes.client import Client
from operators.kubernetes.kinds import POD
from operators.kubernetes.manifest import Owner

_TIMEOUT = aiohttp.ClientTimeout(total=2)


async def scrape(client: Client, owner: Owner, port: int, partitions: int) -> LagSample | None:
    """The lag of the workers in the ready Pod; None without such a Pod, or if the lag is not completely known."""
    for pod in await client.list(POD, owner.namespace, owner.selector):
        ready = any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
        if ready and "deletionTimestamp" not in pod["metadata"]:
            return parse(await _metrics(pod["status"]["podIP"], port), partitions, datetime.now(UTC))
    return None


async def _metrics(address: str, port: int) -> str:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(f"http://{address}:{port}/metrics") as response,
        ):
            return await response.text() if response.status == 200 else ""
    except (aiohttp.ClientError, TimeoutError):
        return ""
