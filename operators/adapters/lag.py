"""How far a dataflow is behind, asked of its workers."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from operators.adapters.kubernetes import Cluster
from operators.biostream.desired import PORT
from operators.biostream.scaling import Reading
from operators.kinds import POD
from operators.manifest import Owner

RECORDS = "biosync_consumer_lag_records"
SECONDS = "biosync_consumer_lag_seconds"
CPU = "biosync_cpu_seconds_total"
_TIMEOUT = aiohttp.ClientTimeout(total=2)


async def reading(cluster: Cluster, owner: Owner, partitions: int) -> Reading | None:
    """What the workers of the Pod that is ready tell; None unless there is one and all of it is known."""
    for pod in await cluster.list(POD, owner.namespace, owner.selector):
        ready = any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
        if ready and "deletionTimestamp" not in pod["metadata"]:
            return read(await _metrics(pod["status"]["podIP"]), partitions, datetime.now(UTC))
    return None


def read(text: str, partitions: int, now: datetime) -> Reading | None:
    """The reading in what /metrics gave; None while one of so many partitions is without a position."""
    found: dict[str, list[float]] = defaultdict(list)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name].append(sample.value)
    if len(found[RECORDS]) < partitions or len(found[SECONDS]) < partitions or not found[CPU]:
        return None
    return Reading(now, int(sum(found[RECORDS])), max(found[SECONDS]), sum(found[CPU]))


async def _metrics(address: str) -> str:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(f"http://{address}:{PORT}/metrics") as answer,
        ):
            return await answer.text() if answer.status == 200 else ""
    except (aiohttp.ClientError, TimeoutError):
        return ""
