"""Events: what `kubectl describe` shows of a resource's past."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from uuid import uuid4

from operators.kubernetes.client import ApiError, Cluster, Unreachable
from operators.kubernetes.conditions import stamp
from operators.kubernetes.kinds import EVENT
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest

_log = logging.getLogger(__name__)
_LONGEST = 1024


async def announce(cluster: Cluster, body: Manifest, reason: str, message: str, *, warning: bool = False) -> None:
    """An Event about `body`; `reason` is one CamelCase word. A lost one is logged, no more."""
    meta, now = body["metadata"], stamp(datetime.now(UTC))
    event: Manifest = {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.name,
        "metadata": {"name": f"{meta['name']}.{uuid4().hex[:16]}", "namespace": meta["namespace"]},
        "involvedObject": {
            "apiVersion": body["apiVersion"],
            "kind": body["kind"],
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
            "resourceVersion": meta["resourceVersion"],
        },
        "type": "Warning" if warning else "Normal",
        "reason": reason[:128],
        "message": message[:_LONGEST] or reason,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "reportingInstance": os.environ.get("POD_NAME", FIELD_MANAGER),
    }
    try:
        await cluster.create(EVENT, meta["namespace"], event)
    except (ApiError, Unreachable) as error:
        _log.warning("event %s of %s %s is lost: %s", reason, body["kind"], meta["name"], error)
