"""How far a dataflow is behind, asked of its workers."""

from __future__ import annotations

from datetime import UTC, datetime

import aiohttp

from operators.adapters.dataflow.lag import Reading, read
from operators.kubernetes.client import Cluster
from operators.kubernetes.kinds import POD
from operators.kubernetes.manifest import Owner

_TIMEOUT = aiohttp.ClientTimeout(total=2)


async def reading(cluster: Cluster, owner: Owner, port: int, partitions: int) -> Reading | None:
    """What the workers of the Pod that is ready tell; None unless there is one and all of it is known."""
    for pod in await cluster.list(POD, owner.namespace, owner.selector):
        ready = any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
        if ready and "deletionTimestamp" not in pod["metadata"]:
            return read(await _metrics(pod["status"]["podIP"], port), partitions, datetime.now(UTC))
    return None


async def _metrics(address: str, port: int) -> str:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(f"http://{address}:{port}/metrics") as answer,
        ):
            return await answer.text() if answer.status == 200 else ""
    except (aiohttp.ClientError, TimeoutError):
        return ""
