"""Kubernetes Events, as `kubectl describe` shows them."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from uuid import uuid4

from operators.kubernetes.client import ApiError, Client, Unreachable
from operators.kubernetes.conditions import rfc3339
from operators.kubernetes.kinds import EVENT
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest

_log = logging.getLogger(__name__)
_MAX_MESSAGE_LENGTH = 1024


async def record_event(client: Client, body: Manifest, reason: str, message: str, *, warning: bool = False) -> None:
    """Creates an Event about `body`; `reason` is one CamelCase word. A failure is only logged."""
    meta, now = body["metadata"], rfc3339(datetime.now(UTC))
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
        "message": message[:_MAX_MESSAGE_LENGTH] or reason,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "reportingInstance": os.environ.get("POD_NAME", FIELD_MANAGER),
    }
    try:
        await client.create(EVENT, meta["namespace"], event)
    except (ApiError, Unreachable) as error:
        _log.warning("Event %s of %s %s was not created: %s", reason, body["kind"], meta["name"], error)
