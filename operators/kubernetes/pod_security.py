"""Who a Pod's processes are and what they may write: what a namespace of the level `restricted` admits, and more. Pure.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from operators.kubernetes.manifest import Manifest

USER = 10001
"""uid and gid in the images (Dockerfile). An image that knows no such user runs as it all the same."""

POD: Manifest = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,  # a new EBS volume is root's
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER: Manifest = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
_SCRATCH = "tmp"
_SCRATCH_SIZE = "1Gi"
"""The kubelet evicts a Pod that writes more, before it fills the disk of a node that it shares."""


def scratch_volume() -> Manifest:
    """The only place besides a Pod's own volumes that it can write; empty at its start."""
    return {"name": _SCRATCH, "emptyDir": {"sizeLimit": _SCRATCH_SIZE}}


def scratch_mount() -> Manifest:
    return {"name": _SCRATCH, "mountPath": "/tmp"}
