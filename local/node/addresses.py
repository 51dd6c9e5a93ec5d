"""Pod addresses of one node. A released address is reused as late as possible."""

from __future__ import annotations

import ipaddress


class AddressesExhausted(RuntimeError):
    """Every Pod address of the node is in use."""


class AddressPool:
    """Addresses of `network`, except the first, which is the node's own."""

    def __init__(self, network: str) -> None:
        hosts = [str(host) for host in ipaddress.ip_network(network).hosts()]
        self.node = hosts[0]
        self._free = hosts[1:]
        self._used: dict[str, str] = {}

    def allocate(self, owner: str, address: str | None = None) -> str:
        """Allocates an address to Pod `owner`: `address` if that is free, so that an adopted Pod keeps its own."""
        if address in self._free:
            self._free.remove(address)
        elif not self._free:
            raise AddressesExhausted(f"all {len(self._used)} Pod addresses of the node are in use")
        else:
            address = self._free.pop(0)
        self._used[address] = owner
        return address

    def release(self, address: str) -> None:
        if self._used.pop(address, None) is not None:
            self._free.append(address)
