"""HAProxy as Service proxy: its configuration, and runtime commands that change servers. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.node.addons.endpoints import Endpoint, ServicePort

SLOTS = 32
"""Server slots per Service port, its maximum of endpoints; changing servers in slots needs no reload."""

_HEAD = """\
global
 stats socket unix@{socket} mode 600 level admin expose-fd listeners
 maxconn {connections}
 nbthread 1
defaults
 timeout connect 2s
 timeout client 1h
 timeout server 1h
 timeout tunnel 24h
 timeout client-fin 30s
 retries 3
 option redispatch
 option idle-close-on-response
"""
"""At a reload an idle connection of a client stays until its next response: closed at once, it would fail a request
that is on its way."""


def configuration(service_ports: Iterable[ServicePort], slots: Slots, socket: Path, connections: int) -> str:
    """haproxy.cfg with the current servers of `slots`, so that they stay available during a reload."""
    lines = [_HEAD.format(socket=socket, connections=connections).rstrip()]
    for service_port in sorted(service_ports):
        name = backend_name(service_port)
        assigned = slots.servers.get(name, {})
        lines += [
            f"frontend {name}-front",
            f" mode {service_port.mode}",
            f" bind {service_port.address}:{service_port.port}",
            f" default_backend {name}",
            f"backend {name}",
            f" mode {service_port.mode}",
            " balance source" if service_port.sticky else " balance leastconn",
            # A request that may have been processed must not be retried, except for GET.
            *(
                [" retry-on conn-failure empty-response", " http-request disable-l7-retry unless METH_GET"]
                * (service_port.mode == "http")
            ),
        ]
        for slot in range(1, SLOTS + 1):
            server = assigned.get(slot)
            lines.append(
                f" server s{slot} " + (f"{server.address}:{server.port}" if server else "127.0.0.1:1 disabled")
            )
    return "\n".join(lines) + "\n"


def backend_name(service_port: ServicePort) -> str:
    return f"{service_port.address}_{service_port.port}"


@dataclass
class Slots:
    """The endpoint in each server slot of each backend."""

    servers: dict[str, dict[int, Endpoint]] = field(default_factory=dict)

    def update(self, desired: Mapping[ServicePort, frozenset[Endpoint]]) -> list[str]:
        """Changes the slots to the desired endpoints; returns the runtime API commands to do so.

        A removed server gets no new connections; open ones end by themselves.
        """
        commands: list[str] = []
        for service_port, endpoints in desired.items():
            name = backend_name(service_port)
            slots = self.servers.setdefault(name, {})
            for slot in [slot for slot, endpoint in slots.items() if endpoint not in endpoints]:
                commands.append(f"set server {name}/s{slot} state maint")
                del slots[slot]
            free = (slot for slot in range(1, SLOTS + 1) if slot not in slots)
            for endpoint in sorted(endpoints - set(slots.values())):
                slot = next(free, None)
                if slot is None:
                    break
                slots[slot] = endpoint
                commands.append(f"set server {name}/s{slot} addr {endpoint.address} port {endpoint.port}")
                commands.append(f"set server {name}/s{slot} state ready")
        return commands
