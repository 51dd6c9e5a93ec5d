"""The Pod of an instance, with its ServiceAccount, and the Secret by which its server asks it. Pure.

The server is no process of the Pod, as it outlives it; what the Pod gives is the way to the object store.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from local.cloudnativepg.cluster import Cluster
from local.cloudnativepg.store import Store

Object = dict[str, Any]
PORT = 8000
"""That of an instance's status in CloudNativePG, which NetworkPolicies open to its operator."""
_VERSION = "cnpg.aura.local/store"
_TOKEN = "token"


def name(cluster: Cluster) -> str:
    return f"{cluster.metadata.name}-1"


def token_secret_name(cluster: Cluster) -> str:
    return f"{cluster.metadata.name}-object-store"


def service_account(cluster: Cluster) -> Object:
    """Of the Cluster's name: what AWS gives to it, its instances have."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": cluster.dependent(cluster.metadata.name)}


def token_secret(cluster: Cluster, token: str) -> Object:
    data = {_TOKEN: base64.b64encode(token.encode()).decode()}
    metadata = cluster.dependent(token_secret_name(cluster))
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": data}


def pod(cluster: Cluster, store: Store, region: str) -> Object:
    """Pod Security `restricted` admits it."""
    variables: list[Object] = [
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "PORT", "value": str(PORT)},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": token_secret_name(cluster), "key": _TOKEN}}},
        *store.environment(region),
    ]
    container: Object = {
        "name": "postgres",
        "image": "aura-local/cloudnativepg-instance:latest",
        "env": variables,
        "ports": [{"name": "object-store", "containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": PORT}, "periodSeconds": 2},
        "resources": {"requests": {"cpu": "20m", "memory": "96Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],
    }
    affinity = cluster.spec.affinity
    spec: Object = {
        "serviceAccountName": cluster.metadata.name,
        "automountServiceAccountToken": False,
        "nodeSelector": affinity.node_selector,
        "tolerations": affinity.tolerations,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 26,
            "runAsGroup": 26,
            "fsGroup": 26,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    }
    metadata = cluster.dependent(name(cluster))
    metadata["labels"] |= {
        "cnpg.io/instanceName": name(cluster),
        "cnpg.io/instanceRole": "primary",
        "cnpg.io/podRole": "instance",
    }
    metadata["annotations"] = {_VERSION: hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def outdated(found: Object, desired: Object) -> bool:
    """Whether a Pod must be replaced: it has ended, or was made for other settings or another Cluster of its name."""
    owners = {reference["uid"] for reference in found["metadata"].get("ownerReferences", [])}
    wanted = {reference["uid"] for reference in desired["metadata"]["ownerReferences"]}
    versions = (item["metadata"].get("annotations", {}).get(_VERSION) for item in (found, desired))
    ended = found.get("status", {}).get("phase") in ("Failed", "Succeeded")
    return ended or owners != wanted or len(set(versions)) > 1


def address(found: Object) -> str:
    """URL of a ready Pod; "" while it is not."""
    status = found.get("status", {})
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", []))
    return f"http://{status['podIP']}:{PORT}" if ready else ""
