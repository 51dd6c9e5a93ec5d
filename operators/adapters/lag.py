"""How far a dataflow is behind, asked of its workers."""

from __future__ import annotations

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from operators.adapters.kubernetes import Cluster
from operators.biostream.desired import PORT
from operators.kinds import POD
from operators.manifest import Owner

METRIC = "biosync_consumer_lag_records"
_TIMEOUT = aiohttp.ClientTimeout(total=2)


async def lag(cluster: Cluster, owner: Owner) -> int | None:
    """Records not read yet, over all workers; None unless every ready worker answers and there is one."""
    addresses = [
        pod["status"]["podIP"]
        for pod in await cluster.list(POD, owner.namespace, owner.selector)
        if any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
    ]
    total: float | None = None
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        for address in addresses:
            try:
                async with session.get(f"http://{address}:{PORT}/metrics") as answer:
                    text = await answer.text() if answer.status == 200 else ""
            except (aiohttp.ClientError, TimeoutError):
                return None
            values = [
                sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
                if sample.name == METRIC
            ]
            if not values:
                return None
            total = (total or 0.0) + sum(values)
    return None if total is None else int(total)
