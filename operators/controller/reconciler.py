"""The reconcile loop of a kind: read the resource, reconcile it, write its status and record Events."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from contracts.conditions import PAUSED as PAUSED_CONDITION
from contracts.conditions import Condition, ConditionStatus
from contracts.resource import PAUSED
from operators.controller.events import record_event
from operators.controller.workqueue import Key
from operators.kubernetes.apply import NameConflict
from operators.kubernetes.client import ApiError, Client
from operators.kubernetes.conditions import Finding, State, broken, conditions, paused_conditions
from operators.kubernetes.kinds import Kind
from operators.kubernetes.manifest import Manifest
from operators.kubernetes.resource import is_paused, is_terminating

_CONFLICT_REQUEUE_SECONDS = 0.2
_PENDING_REQUEUE_SECONDS = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """`status` holds the members of the status besides conditions, camelCase."""

    findings: Sequence[Finding]
    status: dict[str, Any]


class Reconciler(Protocol):
    """What one kind of custom resource does for a resource, and what before it is deleted."""

    async def reconcile(self, body: Manifest) -> Result: ...

    async def finalize(self, body: Manifest) -> None: ...


@dataclass(frozen=True)
class ReconcileLoop:
    """Reconciles the resources of one kind."""

    kind: Kind
    client: Client
    reconciler: Reconciler
    resync_seconds: float
    """How often a resource is reconciled without an event."""

    async def reconcile(self, key: Key) -> float | None:
        """Brings one resource as close to its spec as possible; returns the seconds after which to requeue it."""
        body = await self.client.get(self.kind, key.namespace, key.name)
        if body is None:
            return None
        if is_terminating(body):
            await self.reconciler.finalize(body)
            return _PENDING_REQUEUE_SECONDS
        generation, now, stored = body["metadata"]["generation"], datetime.now(UTC), body.get("status", {})
        if is_paused(body):
            observed, current = paused_conditions(stored, PAUSED, generation, now)
            await self._write_status(body, current, {**stored, "observedGeneration": observed})
            return self.resync_seconds
        try:
            result = await self.reconciler.reconcile(body)
        except ApiError as error:
            if error.status in (404, 409):  # changed or deleted since we read it
                _log.info("%s: requeued: %s", key, error)
                return _CONFLICT_REQUEUE_SECONDS
            refused = broken("ObjectsApplied", "Refused", f"the API server refused an object: {error}")
            result = Result([refused], {})
        except NameConflict as conflict:
            result = Result([broken("ObjectsApplied", "NameConflict", str(conflict))], {})
        current = conditions(result.findings, generation, now, stored.get("conditions", []))
        await self._write_status(body, current, {**stored, **result.status, "observedGeneration": generation})
        pending = any(finding.state is not State.GOOD for finding in result.findings)
        return _PENDING_REQUEUE_SECONDS if pending else self.resync_seconds

    async def _write_status(self, body: Manifest, current: Sequence[Condition], status: dict[str, Any]) -> None:
        """Patches the status if it has changed, and records an Event if Ready or Paused, or its reason, has."""
        before = body.get("status", {})
        status = {**status, "conditions": [condition.to_manifest() for condition in current]}
        patch = {key: status.get(key) for key in status.keys() | before.keys() if status.get(key) != before.get(key)}
        if not patch:
            return
        await self.client.merge_patch(self.kind, body, {"status": patch}, "status")
        old = {one["type"]: (one["status"], one["reason"]) for one in before.get("conditions", [])}
        for condition in current:
            new = (condition.status.value, condition.reason)
            if condition.type in ("Ready", PAUSED_CONDITION) and old.get(condition.type) != new:
                name = body["metadata"]["name"]
                _log.info("%s %s: %s=%s %s: %s", self.kind.name, name, condition.type, *new, condition.message)
                warning = condition.status is not ConditionStatus.TRUE
                await record_event(self.client, body, condition.reason, condition.message, warning=warning)
