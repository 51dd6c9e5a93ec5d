"""The rules of nftables that drop what the policies do not allow. No I/O.

Pods have loopback addresses, so the source address says nothing: a sender is known by the control group of its socket.
Only the first segment of a TCP connection is looked at. A sender in no Pod's group is the node, which may connect to
all of its Pods, and the Service proxy, which connects for others: what a Pod may reach by a Service is decided at the
cluster IP, and only if it may reach all endpoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from local.node.addons.endpoints import Endpoint, ServicePort
from local.node.addons.network_policy.policies import ALL_PORTS, Allowance, Member, Policies, Ports

GROUPS = "aura"
"""The control group whose children are those of Pods, named by their UIDs."""


def script(table: str, policies: Policies, services: Mapping[ServicePort, frozenset[Endpoint]]) -> str:
    """What `nft -f -` replaces the table with, in one step."""
    pods = {pod.uid: pod for pod in policies.pods}
    chains: dict[str, list[str]] = {}
    for uid, allowances in policies.egress.items():
        chains[_chain("egress", uid)] = _egress(pods[uid], allowances, policies, services)
    for uid, allowances in policies.ingress.items():
        chains[_chain("ingress", uid)] = _ingress(allowances, policies)
    guarded = {port: endpoints for port, endpoints in services.items() if _restricted(endpoints, policies)}
    for port, endpoints in guarded.items():
        chains[_service_chain(port)] = _service(endpoints, policies)
    return "\n".join(
        [
            f"table inet {table} {{}}",
            f"delete table inet {table}",
            f"table inet {table} {{",
            *_set("set pods", "cgroupsv2", (_group(uid) for uid in pods)),
            *_map("egress", "cgroupsv2", {_group(uid): _chain("egress", uid) for uid in policies.egress}),
            *_map("ingress", "ipv4_addr", {pods[uid].address: _chain("ingress", uid) for uid in policies.ingress}),
            *_map("services", "ipv4_addr . inet_service", {_socket(port): _service_chain(port) for port in guarded}),
            *(line for name, lines in chains.items() for line in (f"chain {name} {{", *lines, "}")),
            "chain output {",
            "type filter hook output priority filter; policy accept;",
            "meta nfproto != ipv4 return",
            "meta l4proto != tcp return",
            "tcp flags & (syn | ack) != syn return",
            "socket cgroupv2 level 2 vmap @egress",
            "ip daddr vmap @ingress",
            "ip daddr . tcp dport vmap @services",
            "}",
            "}",
            "",
        ]
    )


def removal(table: str) -> str:
    return f"table inet {table} {{}}\ndelete table inet {table}\n"


def _egress(
    pod: Member, allowances: list[Allowance], policies: Policies, services: Mapping[ServicePort, frozenset[Endpoint]]
) -> list[str]:
    reachable = [
        _socket(port)
        for port, endpoints in services.items()
        if endpoints and all(policies.allows_egress(pod, one.address, one.port) for one in endpoints)
    ]
    cluster_ips = sorted({port.address for port in services})
    return [
        f"ip daddr {pod.address} return",
        *([f"ip daddr . tcp dport {{ {', '.join(sorted(reachable))} }} return"] if reachable else []),
        *([f"ip daddr {{ {', '.join(cluster_ips)} }} drop"] if cluster_ips else []),
        *(line for one in allowances if (line := _outward(one))),
        "drop",
    ]


def _outward(allowance: Allowance) -> str:
    if allowance.block is not None:
        if ":" in allowance.block.cidr:
            return ""  # nothing here has an IPv6 address
        to = "".join(
            [f"ip daddr {allowance.block.cidr} ", *(f"ip daddr != {one} " for one in allowance.block.excepted)]
        )
    elif allowance.pods is None:
        to = ""
    elif allowance.pods:
        to = f"ip daddr {{ {', '.join(sorted(pod.address for pod in allowance.pods))} }} "
    else:
        return ""
    return f"{to}{_dport(allowance.ports)}return"


def _ingress(allowances: list[Allowance], policies: Policies) -> list[str]:
    lines: list[str] = []
    for one in allowances:
        sources = [pod for pod in policies.pods if _admits(one, pod)]
        if sources:
            lines.append(f"socket cgroupv2 level 2 {_groups(sources)} {_dport(one.ports)}return")
    return [*lines, "socket cgroupv2 level 2 @pods drop"]


def _service(endpoints: frozenset[Endpoint], policies: Policies) -> list[str]:
    by_address = {pod.address: pod for pod in policies.pods}
    sources = [
        source
        for source in policies.pods
        if all(
            one.address not in by_address or policies.allows_ingress(by_address[one.address], source, one.port)
            for one in endpoints
        )
    ]
    allowed = [f"socket cgroupv2 level 2 {_groups(sources)} return"] if sources else []
    return [*allowed, "socket cgroupv2 level 2 @pods drop"]


def _restricted(endpoints: frozenset[Endpoint], policies: Policies) -> bool:
    by_address = {pod.address: pod.uid for pod in policies.pods}
    return any(by_address.get(one.address) in policies.ingress for one in endpoints)


def _admits(allowance: Allowance, pod: Member) -> bool:
    if allowance.block is not None:
        return allowance.block.contains(pod.address)
    return allowance.pods is None or pod in allowance.pods


def _dport(ports: Ports) -> str:
    if ports == ALL_PORTS:
        return ""
    return f"tcp dport {{ {', '.join(str(low) if low == high else f'{low}-{high}' for low, high in ports)} }} "


def _groups(pods: Iterable[Member]) -> str:
    return f"{{ {', '.join(_group(pod.uid) for pod in pods)} }}"


def _group(uid: str) -> str:
    return f'"{GROUPS}/{uid}"'


def _chain(kind: str, uid: str) -> str:
    return f"{kind}_{uid.replace('-', '_')}"


def _service_chain(port: ServicePort) -> str:
    return f"service_{port.address.replace('.', '_')}_{port.port}"


def _socket(port: ServicePort) -> str:
    return f"{port.address} . {port.port}"


def _set(head: str, kind: str, elements: Iterable[str]) -> list[str]:
    listed = ", ".join(elements)
    return [f"{head} {{", f"type {kind}", *([f"elements = {{ {listed} }}"] if listed else []), "}"]


def _map(name: str, kind: str, jumps: Mapping[str, str]) -> list[str]:
    return _set(f"map {name}", f"{kind} : verdict", (f"{key} : jump {chain}" for key, chain in jumps.items()))
