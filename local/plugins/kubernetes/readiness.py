"""When an object is ready."""

from __future__ import annotations

from typing import Any

from local.plugins.provider.base import ProviderError
from local.plugins.provider.values import Values

SKIP = "pulumi.com/skipAwait"


def not_ready_reason(live: Values) -> str | None:
    """What the object still waits for, None when it is ready. Raises ProviderError when it cannot become ready."""
    annotations = live.get("metadata", {}).get("annotations") or {}
    if annotations.get(SKIP) == "true":
        return None
    check = _CHECKS.get(live.get("kind", ""))
    return check(live) if check else None


def _deployment(live: Values) -> str | None:
    stalled = _condition(live, "Progressing")
    if stalled.get("reason") == "ProgressDeadlineExceeded":
        raise ProviderError(f"the rollout does not progress: {stalled.get('message', '')}")
    return _rolled_out(live, "updatedReplicas", "availableReplicas")


def _stateful_set(live: Values) -> str | None:
    return _rolled_out(live, "updatedReplicas", "readyReplicas")


def _rolled_out(live: Values, *counts: str) -> str | None:
    status, desired = live.get("status") or {}, live.get("spec", {}).get("replicas", 1)
    if status.get("observedGeneration", 0) < live["metadata"].get("generation", 0):
        return "the controller to see the change"
    for count in counts:
        if status.get(count, 0) < desired:
            return f"{count}: {status.get(count, 0)} of {desired}"
    return None


def _daemon_set(live: Values) -> str | None:
    status = live.get("status") or {}
    if status.get("observedGeneration", 0) < live["metadata"].get("generation", 0):
        return "the controller to see the change"
    ready, desired = status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
    return None if ready >= desired else f"numberReady: {ready} of {desired}"


def _job(live: Values) -> str | None:
    failed = _condition(live, "Failed")
    if failed.get("status") == "True":
        raise ProviderError(f"the Job failed: {failed.get('reason', '')}: {failed.get('message', '')}")
    return None if _condition(live, "Complete").get("status") == "True" else "the Job to complete"


def _custom_resource_definition(live: Values) -> str | None:
    refused = _condition(live, "NamesAccepted")
    if refused.get("status") == "False":
        raise ProviderError(f"the names conflict with another definition: {refused.get('message', '')}")
    return None if _condition(live, "Established").get("status") == "True" else "the API server to serve the kind"


def _namespace(live: Values) -> str | None:
    return None if (live.get("status") or {}).get("phase") == "Active" else "phase Active"


def _condition(live: Values, type: str) -> dict[str, Any]:
    conditions = (live.get("status") or {}).get("conditions") or []
    return next((condition for condition in conditions if condition.get("type") == type), {})


_CHECKS = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CustomResourceDefinition": _custom_resource_definition,
    "Namespace": _namespace,
}
