"""Scrapes the metrics of a dataflow's workers, and asks what a sink waits for."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

from operators.adapters.dataflow.lag import LagSample, parse
from operators.adapters.dataflow.pods import addresses, get
from operators.adapters.dataflow.snapshots import SnapshotSample, parse_snapshots
from operators.kubernetes.client import Client
from operators.kubernetes.kinds import POD
from operators.kubernetes.manifest import Manifest, Owner


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
    for address in await addresses(client, owner.namespace, owner.selector):
        answer = await get(address, port, "/readyz")
        try:
            told = json.loads(answer[1]) if answer else None
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("status") == "stalled":
            return str(told.get("why", ""))
    return ""


def _is_ready(pod: Manifest) -> bool:
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
    return ready and "deletionTimestamp" not in pod["metadata"]


async def _metrics(address: str, port: int) -> str:
    answer = await get(address, port, "/metrics")
    return answer[1].decode() if answer and answer[0] == 200 else ""
