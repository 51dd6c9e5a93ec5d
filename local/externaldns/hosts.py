"""Which hosts there are, and at which addresses: the sources gateway-httproute and service. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Object = Mapping[str, Any]
Hosts = dict[str, frozenset[str]]
"""IPv4 addresses by host."""

HOSTNAME = "external-dns.alpha.kubernetes.io/hostname"
"""Annotation of a Service: its hosts, separated by commas."""


def of_routes(routes: Iterable[Object], gateways: Iterable[Object]) -> Hosts:
    """The hosts of each HTTPRoute that a Gateway accepts, at that Gateway's addresses."""
    at = {_key(gateway): gateway.get("status", {}).get("addresses", []) for gateway in gateways}
    found: Hosts = {}
    for route in routes:
        namespace = route["metadata"]["namespace"]
        for parent in route.get("status", {}).get("parents", []):
            reference = parent["parentRef"]
            gateway = reference.get("namespace", namespace), reference["name"]
            if not _accepted(parent) or gateway not in at:
                continue
            addresses = frozenset(one["value"] for one in at[gateway])
            for host in route["spec"].get("hostnames", []):
                found[host] = found.get(host, frozenset()) | addresses
    return _served(found)


def of_load_balancers(services: Iterable[Object]) -> Hosts:
    """The annotated hosts of each Service of type LoadBalancer, at its load balancer's addresses."""
    found: Hosts = {}
    for service in services:
        named = service["metadata"].get("annotations", {}).get(HOSTNAME, "")
        if service["spec"].get("type") != "LoadBalancer":
            continue
        ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        for host in filter(None, (part.strip() for part in named.split(","))):
            found[host] = found.get(host, frozenset()) | {one["ip"] for one in ingress if "ip" in one}
    return _served(found)


def within(hosts: Hosts, domains: Iterable[str]) -> Hosts:
    """Those that are one of the domains or end with it."""
    ends = tuple(f".{domain}" for domain in domains)
    return {host: at for host, at in hosts.items() if f".{host}".endswith(ends)}


def _served(hosts: Hosts) -> Hosts:
    return {host: at for host, at in hosts.items() if at}


def _accepted(parent: Object) -> bool:
    return any(one["type"] == "Accepted" and one["status"] == "True" for one in parent.get("conditions", []))


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]
