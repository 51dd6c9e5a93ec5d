"""HAProxy as Service proxy: its configuration, and changes of servers while it runs. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.node.addons.endpoints import Endpoint, ServicePort

SLOTS = 32
"""Pods a Service port can have; servers are set into slots while HAProxy runs, so that no reload is needed."""

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
"""


def configuration(fronts: Iterable[ServicePort], slots: Slots, socket: Path, connections: int) -> str:
    """haproxy.cfg with the servers that `slots` has now, so that a reload leaves no moment without them."""
    lines = [_HEAD.format(socket=socket, connections=connections).rstrip()]
    for front in sorted(fronts):
        name = backend_name(front)
        assigned = slots.taken.get(name, {})
        lines += [
            f"frontend {name}-front",
            f" mode {front.mode}",
            f" bind {front.address}:{front.port}",
            f" default_backend {name}",
            f"backend {name}",
            f" mode {front.mode}",
            " balance source" if front.sticky else " balance leastconn",
            # A request that may have been acted on must not be sent again; a GET may.
            *(
                [" retry-on conn-failure empty-response", " http-request disable-l7-retry unless METH_GET"]
                * (front.mode == "http")
            ),
        ]
        for slot in range(1, SLOTS + 1):
            server = assigned.get(slot)
            lines.append(
                f" server s{slot} " + (f"{server.address}:{server.port}" if server else "127.0.0.1:1 disabled")
            )
    return "\n".join(lines) + "\n"


def backend_name(front: ServicePort) -> str:
    return f"{front.address}_{front.port}"


@dataclass
class Slots:
    """Which endpoint sits in which server slot of each backend."""

    taken: dict[str, dict[int, Endpoint]] = field(default_factory=dict)

    def update(self, wanted: Mapping[ServicePort, frozenset[Endpoint]]) -> list[str]:
        """Commands of the runtime API that lead from what is to what is wanted.

        A server that leaves only gets no new connections; those that it has go on to their end.
        """
        commands: list[str] = []
        for front, endpoints in wanted.items():
            name = backend_name(front)
            slots = self.taken.setdefault(name, {})
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
