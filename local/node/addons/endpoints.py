"""Endpoints of every cluster IP and port. No I/O.

They are derived from Services and Pods, because EndpointSlices can't have loopback addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from local.node.api import Object


@dataclass(frozen=True, order=True)
class Endpoint:
    address: str
    port: int


@dataclass(frozen=True, order=True)
class ServicePort:
    """A port of a Service's cluster IP. `mode` is that of HAProxy, http or tcp."""

    address: str
    port: int
    mode: str
    sticky: bool = False
    """sessionAffinity: ClientIP."""


def service_endpoints(
    services: Iterable[Object], pods: Iterable[Object], api_server: Endpoint
) -> dict[ServicePort, frozenset[Endpoint]]:
    """Ready endpoints of every Service port that has a cluster IP."""
    ready = [pod for pod in pods if is_ready(pod)]
    result: dict[ServicePort, frozenset[Endpoint]] = {}
    for service in services:
        meta, spec = service["metadata"], service["spec"]
        if spec.get("clusterIP") in (None, "", "None") or spec.get("type") == "ExternalName":
            continue
        is_api = (meta["namespace"], meta["name"]) == ("default", "kubernetes")
        selected = [pod for pod in ready if _selects(service, pod)]
        for port in spec.get("ports", []):
            if port.get("protocol", "TCP") != "TCP":
                continue
            sticky = spec.get("sessionAffinity") == "ClientIP"
            service_port = ServicePort(spec["clusterIP"], port["port"], "tcp" if is_api else proxy_mode(port), sticky)
            found = {api_server} if is_api else {e for pod in selected if (e := _endpoint(pod, port)) is not None}
            result[service_port] = frozenset(found)
    return result


def proxy_mode(port: Mapping[str, object]) -> str:
    """http only if the Service declares it: a TCP stream must not be parsed as HTTP."""
    declared = str(port.get("appProtocol") or port.get("name") or "").lower()
    return "http" if declared in ("http", "ws", "kubernetes.io/ws") or declared.startswith("http-") else "tcp"


def is_ready(pod: Object) -> bool:
    """Whether the Pod takes requests: Ready, and not terminating."""
    status = pod.get("status", {})
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
    return ready and bool(status.get("podIP")) and "deletionTimestamp" not in pod["metadata"]


def _selects(service: Object, pod: Object) -> bool:
    selector, labels = service["spec"].get("selector"), pod["metadata"].get("labels", {})
    same_namespace = service["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return bool(selector) and same_namespace and selector.items() <= labels.items()


def _endpoint(pod: Object, port: Object) -> Endpoint | None:
    target = port.get("targetPort", port["port"])
    address = pod["status"]["podIP"]
    if isinstance(target, int):
        return Endpoint(address, target)
    for container in pod["spec"]["containers"]:
        for declared in container.get("ports", []):
            if declared.get("name") == target:
                return Endpoint(address, declared["containerPort"])
    return None
