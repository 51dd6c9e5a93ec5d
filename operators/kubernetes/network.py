"""Service and NetworkPolicy. Pure.

A Pod that needs a service carries a label for it, and the service's policy admits all Pods with that label. Neither
side has to know the other's labels, and the rules on both sides come from one line, `needs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.gateway import GATEWAY_NAMESPACE, GATEWAY_PODS
from contracts.resource import GROUP
from contracts.variables import AWS, INTERNET, OPENSEARCH
from operators.kubernetes.manifest import NAME, Manifest, Owner

MONITORING_NAMESPACE = "monitoring"
"""Where Prometheus runs: kube-prometheus-stack's."""
_NAMESPACE = "kubernetes.io/metadata.name"
"""A label that Kubernetes gives each namespace itself."""
_STORES = {"kafka": [9096], "redis": [6379], "timeseries": [5432]}
"""Kafka's port is that of SASL/SCRAM on MSK."""
_POD_IDENTITY = {"to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}], "ports": [{"protocol": "TCP", "port": 80}]}
"""The agent's address on every node: Amazon EKS User Guide, "EKS Pod Identity"."""
_PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
"""RFC 1918, RFC 6598 and link-local, where the VPC, the nodes and their metadata are: a server that makes a Pod call
one of those addresses gets no further."""
_INTERNET = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": _PRIVATE}}]}
_DNS = {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}


def needs_label(need: str) -> str:
    return f"needs.{GROUP}/{need}"


def service(owner: Owner, ports: Mapping[str, int]) -> Manifest:
    service_ports = [
        {"name": name, "port": ports[name], "targetPort": name, "protocol": "TCP"}
        for name in sorted(ports, key=_http_first)
    ]
    content = {"selector": owner.selector, "ports": service_ports, "type": "ClusterIP"}
    return owner.manifest("v1", "Service", owner.name, {"spec": content})


def network_policy(
    owner: Owner,
    ports: Iterable[int],
    needs: Iterable[str],
    *,
    routed: bool = False,
    database: bool = False,
    aws: int | None = None,
    opensearch: int = 443,
) -> Manifest:
    """Ingress from Pods that need this, the gateway if `routed`, and scrapers; egress to what is needed, to DNS and, if
    given, to AWS at this port, with the agent that has the credentials. `opensearch` is the port of the domain."""
    peers: list[Manifest] = [{"podSelector": {"matchLabels": {needs_label(owner.name): "true"}}}]
    peers.append({"podSelector": {"matchLabels": {NAME: "operators"}}})
    peers.append({"namespaceSelector": {"matchLabels": {_NAMESPACE: MONITORING_NAMESPACE}}})
    if routed:
        namespace = {"matchLabels": {_NAMESPACE: GATEWAY_NAMESPACE}}
        peers.append({"namespaceSelector": namespace, "podSelector": {"matchLabels": GATEWAY_PODS}})
    stores, egress = {**_STORES, OPENSEARCH: [opensearch]}, [_DNS]
    for need in [*(one for one in needs if one != AWS), *(["timeseries"] if database else [])]:
        if need in stores:  # outside the cluster, or with addresses that change: matched by port only
            rule: Manifest = {"ports": [{"protocol": "TCP", "port": port} for port in stores[need]]}
        elif need == INTERNET:
            rule = _INTERNET
        else:
            rule = {"to": [{"podSelector": {"matchLabels": {NAME: need}}}]}
        if rule not in egress:
            egress.append(rule)
    if aws is not None:
        egress += [{"ports": [{"protocol": "TCP", "port": aws}]}, _POD_IDENTITY]
    content = {
        "podSelector": {"matchLabels": owner.selector},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": peers, "ports": [{"protocol": "TCP", "port": port} for port in sorted(ports)]}],
        "egress": egress,
    }
    return owner.manifest("networking.k8s.io/v1", "NetworkPolicy", owner.name, {"spec": content})


def _http_first(name: str) -> tuple[bool, str]:
    return name != "http", name
