"""What a Pod whose ServiceAccount has a role is given when it is created. Pure.

The variables, the volume and their names are those of EKS' webhook (EKS User Guide, "Understand how EKS Pod Identity
works"), but for the address of the agent: nodes here share one machine, so it is the node's own, not 169.254.170.23.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from local.node import ports

AUDIENCE = "pods.eks.amazonaws.com"
_NODE_ADDRESS = "AWS_NODE_IP"
"""The one variable that EKS does not set: a container that has one of this name keeps it, and gets another."""
_VOLUME = "eks-pod-identity-token"
_FOLDER = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
_TOKEN_SECONDS = 86400
_URI, _TOKEN_FILE = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"


def patch(pod: Mapping[str, Any], region: str) -> list[dict[str, Any]]:
    """The JSON patch that gives every container of `pod` the agent's URI and a token; empty if none takes them.

    A container that says itself where its credentials are is left as it is.
    """
    spec, changes = pod["spec"], []
    for kind in ("containers", "initContainers"):
        containers = spec.get(kind, [])
        injected = [_injected(container, region) for container in containers]
        if injected != containers:
            changes.append({"op": "add", "path": f"/spec/{kind}", "value": injected})
    if changes:
        others = [volume for volume in spec.get("volumes", []) if volume["name"] != _VOLUME]
        changes.append({"op": "add", "path": "/spec/volumes", "value": [*others, _volume()]})
    return changes


def _injected(container: dict[str, Any], region: str) -> dict[str, Any]:
    env, mounts = container.get("env", []), container.get("volumeMounts", [])
    named = {variable["name"] for variable in env}
    if named & {_URI, _TOKEN_FILE}:
        return container
    address = next(name for length in count() if (name := _NODE_ADDRESS + "_" * length) not in named)
    added: list[dict[str, Any]] = [{"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"}]
    if not named & {"AWS_REGION", "AWS_DEFAULT_REGION"}:
        added += [{"name": "AWS_DEFAULT_REGION", "value": region}, {"name": "AWS_REGION", "value": region}]
    added += [
        {"name": address, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.hostIP"}}},
        {"name": _URI, "value": f"http://$({address}):{ports.POD_IDENTITY}/v1/credentials"},
        {"name": _TOKEN_FILE, "value": f"{_FOLDER}/{_VOLUME}"},
    ]
    mount = {"name": _VOLUME, "mountPath": _FOLDER, "readOnly": True}
    return {
        **container,
        "env": [*env, *(variable for variable in added if variable["name"] not in named)],
        "volumeMounts": [*(m for m in mounts if m["mountPath"] != _FOLDER), mount],
    }


def _volume() -> dict[str, Any]:
    token = {"audience": AUDIENCE, "expirationSeconds": _TOKEN_SECONDS, "path": _VOLUME}
    return {"name": _VOLUME, "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": token}]}}
