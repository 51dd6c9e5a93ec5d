"""State of a Deployment's rollout. Pure."""

from __future__ import annotations

from operators.kubernetes.conditions import Finding, State, broken, good, waiting
from operators.kubernetes.manifest import Manifest
from operators.kubernetes.pod_problems import Problem

PODS_FAILING = "PodsFailing"
"""Condition of a service with enough Pods to serve, beside which others fail: True, with their reason."""


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


def rolled_out(deployment: Manifest) -> bool:
    """Whether Pods of its template are available, and none of an older one is left."""
    status = deployment.get("status", {})
    current = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    return current and updated == total and status.get("availableReplicas", 0) > 0


def missing_pods(deployment: Manifest) -> int:
    """How many of the desired Pods are not available."""
    return deployment["spec"].get("replicas", 1) - deployment.get("status", {}).get("availableReplicas", 0)


def with_problem(finding: Finding, found: Problem | None) -> list[Finding]:
    """The finding of `rollout` with what a Pod says that is not available. What ends by itself is no more than words in
    a finding that is good: an autoscaler asks for Pods before there are nodes for them."""
    if found is None:
        return [finding]
    message = f"{found.message}; {finding.message}"
    if finding.state is not State.GOOD:
        return [(waiting if found.transient else broken)(finding.type, found.reason, message)]
    if found.transient:
        return [good(finding.type, found.reason, message)]
    failing = Finding(PODS_FAILING, State.BROKEN, found.reason, message, problem=True)
    return [good(finding.type, finding.reason, message), failing]


def pod_counts(deployment: Manifest | None) -> str:
    """Available and desired Pods, as in 2/3."""
    if deployment is None:
        return "0/0"
    return f"{deployment.get('status', {}).get('availableReplicas', 0)}/{deployment['spec'].get('replicas', 1)}"
