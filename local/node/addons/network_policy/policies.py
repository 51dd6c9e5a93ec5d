"""Which TCP connections the NetworkPolicies of a cluster allow. No I/O.

UDP is not looked at: without connection tracking, which would slow every connection of the machine, an answer cannot be
told from a request.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from local.node import ports
from local.node.addons.network_policy.selectors import matches

Object = dict[str, Any]
Ports = tuple[tuple[int, int], ...]
"""Ranges, both ends included."""
ALL_PORTS: Ports = ((0, 65535),)
_AGENT = ("169.254.170.23", 80)
"""Where Pods reach the agent on EKS (EKS User Guide, "EKS Pod Identity considerations")."""


@dataclass(frozen=True)
class Member:
    """A Pod with an address of its own."""

    uid: str
    namespace: str
    address: str
    labels: Mapping[str, str] = field(hash=False)
    named_ports: Mapping[str, int] = field(default_factory=dict, hash=False)
    host: str = ""
    """Address of its node."""


@dataclass(frozen=True)
class Block:
    """Addresses in `cidr` and in none of `excepted`."""

    cidr: str
    excepted: tuple[str, ...] = ()

    def contains(self, address: str) -> bool:
        found = ipaddress.ip_address(address)
        return found in ipaddress.ip_network(self.cidr, strict=False) and not any(
            found in ipaddress.ip_network(one, strict=False) for one in self.excepted
        )


@dataclass(frozen=True)
class Allowance:
    """Connections to one of `ports` with one of the Pods or blocks; both None: with anyone."""

    ports: Ports
    pods: frozenset[Member] | None = None
    block: Block | None = None

    def admits(self, address: str, port: int) -> bool:
        if not any(low <= port <= high for low, high in self.ports):
            return False
        if self.block is not None:
            return self.block.contains(address)
        return self.pods is None or any(pod.address == address for pod in self.pods)


def members(pods: Iterable[Object]) -> list[Member]:
    """The Pods to which NetworkPolicies apply: running ones that do not use the network of their node."""
    return [
        Member(
            pod["metadata"]["uid"],
            pod["metadata"]["namespace"],
            pod["status"]["podIP"],
            pod["metadata"].get("labels") or {},
            {
                port["name"]: port["containerPort"]
                for container in pod["spec"]["containers"]
                for port in container.get("ports", [])
                if "name" in port and port.get("protocol", "TCP") == "TCP"
            },
            pod["status"].get("hostIP", ""),
        )
        for pod in pods
        if pod.get("status", {}).get("podIP")
        and not pod["spec"].get("hostNetwork")
        and pod["status"].get("phase") not in ("Succeeded", "Failed")
    ]


@dataclass(frozen=True)
class Policies:
    """All of a cluster. `namespaces` are the labels of each."""

    items: Sequence[Object]
    pods: Sequence[Member]
    namespaces: Mapping[str, Mapping[str, str]]

    @cached_property
    def egress(self) -> dict[str, list[Allowance]]:
        """By UID of the Pods whose connections are restricted: what they may connect to."""
        return {pod.uid: found for pod in self.pods if (found := self._of(pod, "Egress", "egress", "to")) is not None}

    @cached_property
    def ingress(self) -> dict[str, list[Allowance]]:
        """By UID of the Pods to which connections are restricted: who may connect to them."""
        return {pod.uid: f for pod in self.pods if (f := self._of(pod, "Ingress", "ingress", "from")) is not None}

    def allows_egress(self, source: Member, address: str, port: int) -> bool:
        return address == source.address or _any(self.egress.get(source.uid), address, port)

    def allows_ingress(self, destination: Member, source: Member, port: int) -> bool:
        return source == destination or _any(self.ingress.get(destination.uid), source.address, port)

    def _of(self, pod: Member, kind: str, field_name: str, peer_field: str) -> list[Allowance] | None:
        """None when no policy of this kind selects the Pod."""
        selecting = [
            policy["spec"]
            for policy in self.items
            if policy["metadata"]["namespace"] == pod.namespace
            and kind in policy_types(policy["spec"])
            and matches(policy["spec"].get("podSelector") or {}, pod.labels)
        ]
        if not selecting:
            return None
        return [
            allowance
            for spec in selecting
            for rule in spec.get(field_name) or []
            for allowance in self._allowances(pod, rule, rule.get(peer_field) or [], inbound=kind == "Ingress")
        ]

    def _allowances(self, pod: Member, rule: Object, peers: Sequence[Object], *, inbound: bool) -> Iterable[Allowance]:
        declared = rule.get("ports") or []
        named = any(isinstance(one.get("port"), str) for one in declared)
        for peer in [self._peer(pod, one) for one in peers] if peers else [None]:
            if isinstance(peer, Block):
                yield from _allowance(declared, pod.named_ports if inbound else {}, None, peer)
                if not inbound and pod.host and _reaches_agent(declared, peer):
                    yield Allowance(((ports.POD_IDENTITY, ports.POD_IDENTITY),), None, Block(f"{pod.host}/32"))
            elif inbound or not named:
                yield from _allowance(declared, pod.named_ports, peer)
            else:  # a name means another port for each destination
                for target in self.pods if peer is None else peer:
                    yield from _allowance(declared, target.named_ports, frozenset([target]))

    def _peer(self, pod: Member, peer: Object) -> frozenset[Member] | Block:
        if "ipBlock" in peer:
            return Block(peer["ipBlock"]["cidr"], tuple(peer["ipBlock"].get("except") or ()))
        in_namespaces = peer.get("namespaceSelector")
        return frozenset(
            one
            for one in self.pods
            if matches(peer.get("podSelector") or {}, one.labels)
            and (
                one.namespace == pod.namespace
                if in_namespaces is None
                else matches(in_namespaces, self.namespaces.get(one.namespace, {}))
            )
        )


def policy_types(spec: Object) -> list[str]:
    """The API server fills in policyTypes, but an older object may have none."""
    return spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]


def _reaches_agent(declared: Sequence[Object], block: Block) -> bool:
    """Whether the rule is about the agent of EKS Pod Identity, which is at its node's own address here."""
    host, port = _AGENT
    return block.contains(host) and any(low <= port <= high for low, high in _ports(declared, {}))


def _allowance(
    declared: Sequence[Object], named: Mapping[str, int], pods: frozenset[Member] | None, block: Block | None = None
) -> Iterable[Allowance]:
    if ports := _ports(declared, named):
        yield Allowance(ports, pods, block)


def _any(allowances: list[Allowance] | None, address: str, port: int) -> bool:
    return allowances is None or any(one.admits(address, port) for one in allowances)


def _ports(declared: Sequence[Object], named: Mapping[str, int]) -> Ports:
    """Ranges of the TCP ports; without any declared port all of them, and none if the declared ones are of UDP."""
    if not declared:
        return ALL_PORTS
    result: list[tuple[int, int]] = []
    for one in declared:
        port = one.get("port")
        if one.get("protocol", "TCP") != "TCP":
            continue
        if port is None:
            return ALL_PORTS
        number = named.get(port) if isinstance(port, str) else port
        if number is not None:
            result.append((number, one.get("endPort", number)))
    return _merged(result)


def _merged(ranges: Iterable[tuple[int, int]]) -> Ports:
    """Without overlaps, which a set of nftables may not have."""
    result: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            result[-1] = result[-1][0], max(high, result[-1][1])
        else:
            result.append((low, high))
    return tuple(result)
