"""What all Pods of ours have in common: where they run, how they are probed, what they are told of themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.platform import PLATFORM_CONFIG
from contracts.resource import Placement
from operators.kubernetes.manifest import Manifest, variables

GRACE_SECONDS = 30
_CAPACITY = {Placement.SPOT: "SPOT", Placement.ON_DEMAND: "ON_DEMAND"}
_STATEFUL = {"key": "aura/stateful", "operator": "Exists", "effect": "NoSchedule"}

SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def placement(where: Placement) -> Manifest:
    """Node group. Nodes that hold state turn other Pods away; what must not be on spot nodes is let in."""
    placed: Manifest = {"nodeSelector": {"eks.amazonaws.com/capacityType": _CAPACITY[where]}}
    return placed | {"tolerations": [_STATEFUL]} if where is Placement.ON_DEMAND else placed


def spread(selector: Mapping[str, str]) -> list[Manifest]:
    """Pods of one rollout over zones first, then over nodes; never a reason not to start one."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(selector)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def environment(values: Mapping[str, str], secrets: list[Manifest]) -> list[Manifest]:
    """A container's `env`: what the Pod is told of itself, plain values, then those that come from Secrets."""
    return [
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "HOST", "value": "$(POD_IP)"},
        *variables(values),
        *secrets,
    ]


def platform_config() -> Manifest:
    """An `envFrom` of what infra says about the region."""
    return {"configMapRef": {"name": PLATFORM_CONFIG}}


def probes(start_seconds: int) -> Manifest:
    """Probes of a container with the port `http`; it may take `start_seconds` until it answers at all."""
    live, ready = {"path": "/healthz", "port": "http"}, {"path": "/readyz", "port": "http"}
    return {
        "startupProbe": {"httpGet": live, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": start_seconds},
        "livenessProbe": {"httpGet": live, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3},
        "readinessProbe": {"httpGet": ready, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 2},
    }
