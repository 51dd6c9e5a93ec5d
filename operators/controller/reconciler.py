"""What looking at any custom resource has in common: read it, let its kind act, write down what was found."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.conditions import PAUSED as PAUSED_CONDITION
from contracts.conditions import Condition, ConditionStatus
from contracts.resource import PAUSED
from operators.controller.events import announce
from operators.controller.workqueue import Key
from operators.kubernetes.apply import Taken
from operators.kubernetes.client import ApiError, Cluster
from operators.kubernetes.conditions import Finding, State, broken, conditions, paused
from operators.kubernetes.kinds import Kind
from operators.kubernetes.manifest import Manifest
from operators.kubernetes.resource import is_going, is_paused

_AT_ONCE_SECONDS = 0.2
_SOON_SECONDS = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """`facts` are the status' members besides conditions, camelCase."""

    findings: Sequence[Finding]
    facts: dict[str, Any]


Act = Callable[[Manifest], Awaitable[Outcome]]
Finalize = Callable[[Manifest], Awaitable[None]]


@dataclass(frozen=True)
class Reconciler:
    """A kind of custom resource, what is done for one and what when it is being deleted."""

    kind: Kind
    cluster: Cluster
    act: Act
    finalize: Finalize
    resync_seconds: float
    """How often it is looked at when nothing happens."""

    async def look(self, key: Key) -> float | None:
        """Brings one resource to what it declares as far as can be; gives the seconds until the next look."""
        body = await self.cluster.get(self.kind, key.namespace, key.name)
        if body is None:
            return None
        if is_going(body):
            await self.finalize(body)
            return _SOON_SECONDS
        generation, now, stored = body["metadata"]["generation"], datetime.now(UTC), body.get("status", {})
        if is_paused(body):
            observed, said = paused(stored, PAUSED, generation, now)
            await self._write(body, said, {**stored, "observedGeneration": observed})
            return self.resync_seconds
        try:
            outcome = await self.act(body)
        except ApiError as error:
            if error.status in (404, 409):  # changed or gone since we read it
                _log.info("%s: looked at again: %s", key, error)
                return _AT_ONCE_SECONDS
            refused = broken("ObjectsApplied", "Refused", f"the API server refused an object: {error}")
            outcome = Outcome([refused], {})
        except Taken as taken:
            outcome = Outcome([broken("ObjectsApplied", "NameTaken", str(taken))], {})
        said = conditions(outcome.findings, generation, now, stored.get("conditions", []))
        await self._write(body, said, {**stored, **outcome.facts, "observedGeneration": generation})
        waits = any(finding.state is not State.GOOD for finding in outcome.findings)
        return _SOON_SECONDS if waits else self.resync_seconds

    async def _write(self, body: Manifest, said: Sequence[Condition], status: dict[str, Any]) -> None:
        """Status when it says something else than before, and an Event when a verdict or its reason has changed."""
        before = body.get("status", {})
        status = {**status, "conditions": [condition.declared() for condition in said]}
        patch = {key: status.get(key) for key in status.keys() | before.keys() if status.get(key) != before.get(key)}
        if not patch:
            return
        await self.cluster.merge(self.kind, body, {"status": patch}, "status")
        old = {one["type"]: (one["status"], one["reason"]) for one in before.get("conditions", [])}
        for condition in said:
            verdict = (condition.status.value, condition.reason)
            if condition.type in ("Ready", PAUSED_CONDITION) and old.get(condition.type) != verdict:
                name = body["metadata"]["name"]
                _log.info("%s %s: %s=%s %s: %s", self.kind.name, name, condition.type, *verdict, condition.message)
                warning = condition.status is not ConditionStatus.TRUE
                await announce(self.cluster, body, condition.reason, condition.message, warning=warning)
