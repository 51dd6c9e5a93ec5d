"""State of a Deployment's rollout. Pure."""

from __future__ import annotations

from operators.kubernetes.conditions import Finding, broken, good, waiting
from operators.kubernetes.manifest import Manifest


def rollout(type: str, deployment: Manifest | None, min_available: int) -> Finding:
    """Good when at least `min_available` Pods of the newest template are available and no older ones are left."""
    if deployment is None:
        return waiting(type, "Starting", "the Deployment does not exist yet")
    status = deployment.get("status", {})
    desired = deployment["spec"].get("replicas", 1)
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    available = status.get("availableReplicas", 0)
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        return waiting(type, "RollingOut", "the Deployment controller has not observed the newest template yet")
    if updated >= min(min_available, desired) and updated >= total and available >= max(min_available, 0):
        return good(type, "Available", f"{available} of {desired} Pods available")
    for condition in status.get("conditions", []):
        if condition["type"] == "Progressing" and condition["status"] == "False":
            return broken(type, condition.get("reason", "Stuck"), condition.get("message", "the rollout is stuck"))
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return broken(
                type, condition.get("reason", "ReplicaFailure"), condition.get("message", "Pods cannot be created")
            )
    return waiting(type, "RollingOut", f"{available} of {desired} Pods available, {updated} of the newest template")


def pod_counts(deployment: Manifest | None) -> str:
    """Available and desired Pods, as in 2/3."""
    if deployment is None:
        return "0/0"
    return f"{deployment.get('status', {}).get('availableReplicas', 0)}/{deployment['spec'].get('replicas', 1)}"
