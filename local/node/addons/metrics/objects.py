"""Objects of metrics.k8s.io/v1beta1, and those that make the API server serve them. No I/O."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from local.node.addons.metrics.points import Rate
from local.node.api import Object
from local.node.times import timestamp

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
API_VERSION = f"{GROUP}/{VERSION}"
PATH = f"/apis/{API_VERSION}"
API_SERVICE = f"/apis/apiregistration.k8s.io/v1/apiservices/{VERSION}.{GROUP}"
SERVICE, NAMESPACE = "metrics-server", "kube-system"

RESOURCES: Object = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": API_VERSION,
    "resources": [
        {"name": "nodes", "singularName": "", "namespaced": False, "kind": "NodeMetrics", "verbs": ["get", "list"]},
        {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]},
    ],
}


def node_metrics(node: Object, rate: Rate) -> Object:
    return {**_head("NodeMetrics", node, rate), "usage": _usage(rate)}


def pod_metrics(pod: Object, containers: Mapping[str, Rate]) -> Object:
    oldest = min(containers.values(), key=lambda rate: rate.moment)
    usages = [{"name": name, "usage": _usage(rate)} for name, rate in containers.items()]
    return {**_head("PodMetrics", pod, oldest), "containers": usages}


def listing(kind: str, items: list[Object]) -> Object:
    return {"kind": f"{kind}List", "apiVersion": API_VERSION, "metadata": {}, "items": items}


def failure(code: int, reason: str, message: str) -> Object:
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return {**status, "message": message, "reason": reason, "code": code}


def kubelet(node: Object) -> tuple[str, int] | None:
    """Address and port of a node's kubelet; None before it has told them."""
    status = node.get("status", {})
    port = status.get("daemonEndpoints", {}).get("kubeletEndpoint", {}).get("Port")
    found = next((a["address"] for a in status.get("addresses", []) if a["type"] == "InternalIP"), None)
    return (found, port) if found and port else None


def registration(address: str, port: int, authority: bytes) -> dict[str, Object]:
    """The objects to apply, by path: the API server sends requests for the group to https://<address>:<port>."""
    service = f"/api/v1/namespaces/{NAMESPACE}/services/{SERVICE}"
    role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:aggregated-metrics-reader"
    aggregate = {f"rbac.authorization.k8s.io/aggregate-to-{to}": "true" for to in ("view", "edit", "admin")}
    return {
        service: {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": SERVICE, "namespace": NAMESPACE},
            # It is no Pod, so it has no endpoints; the API server asks the name of such a Service itself.
            "spec": {"type": "ExternalName", "externalName": address, "ports": [{"name": "https", "port": port}]},
        },
        role: {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "system:aggregated-metrics-reader", "labels": aggregate},
            "rules": [{"apiGroups": [GROUP], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]}],
        },
        API_SERVICE: {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{VERSION}.{GROUP}"},
            "spec": {
                "group": GROUP,
                "version": VERSION,
                "service": {"name": SERVICE, "namespace": NAMESPACE, "port": port},
                "caBundle": base64.b64encode(authority).decode(),
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        },
    }


def _head(kind: str, measured: Object, rate: Rate) -> Object:
    meta = measured["metadata"]
    kept = {key: meta[key] for key in ("name", "namespace", "labels") if key in meta}
    moment = timestamp(rate.moment)
    return {
        "kind": kind,
        "apiVersion": API_VERSION,
        "metadata": {**kept, "creationTimestamp": moment},
        "timestamp": moment,
        "window": f"{rate.window:.3f}s",
    }


def _usage(rate: Rate) -> dict[str, str]:
    return {"cpu": f"{round(rate.cores * 1e9)}n", "memory": f"{rate.memory_bytes // 1024}Ki"}
