"""Endpoints of a Service port: the addresses of its ready Pods."""

from __future__ import annotations

from collections.abc import Iterable

from local.gateway.objects import Pod, Service, ServicePort

Endpoint = tuple[str, int]
"""Address and port."""


def endpoints(service: Service, port: int, pods: Iterable[Pod]) -> list[Endpoint]:
    """Sorted endpoints of `port`: the ready Pods that `service` selects, with their target ports.

    Empty when the Service has no such port or no selector.
    """
    declared = next((candidate for candidate in service.spec.ports if candidate.port == port), None)
    if declared is None or not service.spec.selector:
        return []
    selector = service.spec.selector.items()
    found: list[Endpoint] = []
    for pod in pods:
        if pod.key[0] == service.key[0] and pod.is_ready() and selector <= pod.metadata.labels.items():
            target = target_port(declared, pod)
            if target is not None:
                found.append((pod.status.pod_ip, target))
    return sorted(found)


def target_port(port: ServicePort, pod: Pod) -> int | None:
    """targetPort of a Service port: a number, the name of a container port, or by default the same number."""
    if port.target_port is None:
        return port.port
    if isinstance(port.target_port, int):
        return port.target_port
    for container in pod.spec.containers:
        for candidate in container.ports:
            if candidate.name == port.target_port:
                return candidate.container_port
    return None
