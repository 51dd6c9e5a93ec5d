"""The autoscaler of a service: how fast the number of Pods follows their use of the processor. Pure."""

from __future__ import annotations

from contracts.auraservice import AuraServiceSpec
from operators.kubernetes.manifest import Manifest, Owner

_UP: Manifest = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Percent", "value": 100, "periodSeconds": 30},
        {"type": "Pods", "value": 2, "periodSeconds": 30},
    ],
}
"""At once, and at most doubled in the time in which new Pods begin to share the load."""
_DOWN: Manifest = {
    "stabilizationWindowSeconds": 300,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Percent", "value": 10, "periodSeconds": 60},
        {"type": "Pods", "value": 1, "periodSeconds": 60},
    ],
}
"""A tenth in a minute, once five minutes have needed no more: all sockets of a Pod that goes come back to the others,
and a pause between two waves of requests is no reason to let go."""


def autoscaler(owner: Owner, spec: AuraServiceSpec) -> Manifest:
    target = {"type": "Utilization", "averageUtilization": spec.replicas.target_cpu_percent}
    content = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": owner.name},
        "minReplicas": spec.replicas.min,
        "maxReplicas": spec.replicas.max,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        "behavior": {"scaleUp": _UP, "scaleDown": _DOWN},
    }
    return owner.manifest("autoscaling/v2", "HorizontalPodAutoscaler", owner.name, {"spec": content})
