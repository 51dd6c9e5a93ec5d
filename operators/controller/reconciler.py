"""The reconcile loop of a kind: read the resource, reconcile it, write its status and record Events.

No reconcile ends without a condition: what could not be done, for whatever reason, is told on the resource, and tried
again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from contracts.conditions import PAUSED as PAUSED_CONDITION
from contracts.conditions import Condition, ConditionStatus
from contracts.resource import PAUSED
from operators.controller.events import record_event
from operators.controller.workqueue import Key
from operators.kubernetes.apply import NameConflict
from operators.kubernetes.client import ApiError, Client, Unreachable
from operators.kubernetes.conditions import Finding, State, broken, conditions, paused_conditions, waiting
from operators.kubernetes.kinds import Kind
from operators.kubernetes.manifest import Manifest
from operators.kubernetes.resource import is_paused, is_terminating

RECONCILED = "Reconciled"
"""Condition of a reconcile that did not end; a resource whose reconciles do has none."""
OBJECTS_APPLIED = "ObjectsApplied"
FINALIZED = "Finalized"
_CONFLICT_REQUEUE_SECONDS = 0.2
_CONFLICTS = 5
"""So often in a row an object may have changed or gone between read and write before that is told as a refusal."""
_PENDING_REQUEUE_SECONDS = 3.0
_SILENT_SECONDS = 4.0
"""A reconcile that takes longer says so on the resource."""
_TIMEOUT_SECONDS = 120.0
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
    _conflicts: defaultdict[Key, int] = field(default_factory=lambda: defaultdict(int))

    async def reconcile(self, key: Key) -> float | None:
        """Brings one resource as close to its spec as possible; returns the seconds after which to requeue it.

        Raises what made the reconcile fail once the resource has a condition about it: the queue tries again later.
        """
        body = await self.client.get(self.kind, key.namespace, key.name)
        if body is None:
            self._conflicts.pop(key, None)
            return None
        try:
            if is_terminating(body):
                await self.reconciler.finalize(body)
                return _PENDING_REQUEUE_SECONDS
            if is_paused(body):
                return await self._pause(body)
            result = await self._result(key, body)
        except Exception as error:
            await self._report(body, [failure(FINALIZED if is_terminating(body) else RECONCILED, error)])
            raise
        if result is None:
            return _CONFLICT_REQUEUE_SECONDS
        await self._report(body, result.findings, result.status)
        pending = any(finding.state is not State.GOOD for finding in result.findings)
        return _PENDING_REQUEUE_SECONDS if pending else self.resync_seconds

    async def _result(self, key: Key, body: Manifest) -> Result | None:
        """The result of a reconcile; None if an object changed under it and it shall be repeated at once."""
        work = asyncio.create_task(self.reconciler.reconcile(body))
        try:
            done, _ = await asyncio.wait({work}, timeout=_SILENT_SECONDS)
            if not done and body.get("status", {}).get("observedGeneration") != body["metadata"]["generation"]:
                body["status"] = await self._report(
                    body, [waiting(RECONCILED, "Reconciling", "this takes longer than usual")]
                )
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                result = await work
        except ApiError as error:
            if error.status in (404, 409):  # changed or deleted since we read it
                self._conflicts[key] += 1
                if self._conflicts[key] < _CONFLICTS:
                    _log.info("%s: requeued: %s", key, error)
                    return None
            message = f"the API server refused an object: {error}"
            return Result([broken(OBJECTS_APPLIED, "Refused", message)], {})
        except NameConflict as conflict:
            result = Result([broken(OBJECTS_APPLIED, "NameConflict", str(conflict))], {})
        finally:
            work.cancel()
        self._conflicts.pop(key, None)
        return result

    async def _pause(self, body: Manifest) -> float:
        generation, stored = body["metadata"]["generation"], body.get("status", {})
        observed, current = paused_conditions(stored, PAUSED, generation, datetime.now(UTC))
        await self._write_status(body, current, {**stored, "observedGeneration": observed})
        return self.resync_seconds

    async def _report(
        self, body: Manifest, findings: Sequence[Finding], status: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Writes the conditions that follow from `findings`; returns the status as it is then."""
        generation, stored = body["metadata"]["generation"], body.get("status", {})
        current = conditions(findings, generation, datetime.now(UTC), stored.get("conditions", []))
        return await self._write_status(body, current, {**stored, **(status or {}), "observedGeneration": generation})

    async def _write_status(
        self, body: Manifest, current: Sequence[Condition], status: dict[str, Any]
    ) -> dict[str, Any]:
        """Patches the status if it has changed, and records an Event if Ready or Paused, or its reason, has."""
        before = body.get("status", {})
        status = {**status, "conditions": [condition.to_manifest() for condition in current]}
        patch = {key: status.get(key) for key in status.keys() | before.keys() if status.get(key) != before.get(key)}
        if not patch:
            return status
        try:
            await self.client.merge_patch(self.kind, body, {"status": patch}, "status")
        except ApiError as error:
            if error.status == 404:  # deleted since we read it
                return status
            raise
        old = {one["type"]: (one["status"], one["reason"]) for one in before.get("conditions", [])}
        for condition in current:
            new = (condition.status.value, condition.reason)
            if condition.type in ("Ready", PAUSED_CONDITION) and old.get(condition.type) != new:
                name = body["metadata"]["name"]
                _log.info("%s %s: %s=%s %s: %s", self.kind.name, name, condition.type, *new, condition.message)
                warning = condition.status is not ConditionStatus.TRUE
                await record_event(self.client, body, condition.reason, condition.message, warning=warning)
        return status


def failure(condition: str, error: Exception) -> Finding:
    """The finding about a failed reconcile: the kind of error and its own words, what is intact, what happens next."""
    said = str(error) or ("no answer in time" if isinstance(error, TimeoutError) else "without a message")
    reason = "APIServerUnavailable" if isinstance(error, Unreachable) else "ReconcileError"
    intact = "existing objects and data are left as they are, and it is tried again within a minute"
    return broken(condition, reason, f"{type(error).__name__}: {said}; {intact}")
