"""How the rollout of a Deployment stands. Pure."""

from __future__ import annotations

from operators.kubernetes.conditions import Finding, broken, good, waiting
from operators.kubernetes.manifest import Manifest


def rollout(type: str, deployment: Manifest | None, floor: int) -> Finding:
    """Good when at least `floor` Pods of the newest template are available and no older ones are left."""
    if deployment is None:
        return waiting(type, "Starting", "the Deployment does not exist yet")
    status = deployment.get("status", {})
    wanted = deployment["spec"].get("replicas", 1)
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    available = status.get("availableReplicas", 0)
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        return waiting(type, "RollingOut", "the Deployment controller has not seen the newest template yet")
    if updated >= min(floor, wanted) and updated >= total and available >= max(floor, 0):
        return good(type, "Available", f"{available} of {wanted} Pods available")
    for condition in status.get("conditions", []):
        if condition["type"] == "Progressing" and condition["status"] == "False":
            return broken(type, condition.get("reason", "Stuck"), condition.get("message", "the rollout is stuck"))
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return broken(type, condition.get("reason", "ReplicaFailure"), condition.get("message", "Pods are refused"))
    return waiting(
        type, "RollingOut", f"{available} of {wanted} Pods available, {updated} made from the newest template"
    )


def pods(deployment: Manifest | None) -> str:
    """Available and wanted Pods, as in 2/3."""
    if deployment is None:
        return "0/0"
    return f"{deployment.get('status', {}).get('availableReplicas', 0)}/{deployment['spec'].get('replicas', 1)}"
