"""Addresses of Services. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from operators.kubernetes.manifest import Manifest


@dataclass(frozen=True)
class Address:
    """Cluster IP and port of a Service."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def address(service: Manifest) -> Address | None:
    """Of the port http, or else of the first one; None for a Service without cluster IP or ports: headless, or an
    ExternalName."""
    host, ports = service["spec"].get("clusterIP"), service["spec"].get("ports") or []
    if not host or host == "None" or not ports:
        return None
    return Address(host, next((one["port"] for one in ports if one.get("name") == "http"), ports[0]["port"]))
