"""Pod addresses of one node: an address that was freed rests as long as possible before it is used again."""

from __future__ import annotations

import ipaddress


class AddressesExhausted(RuntimeError):
    """Every Pod address of the node is in use."""


class AddressPool:
    """Addresses of `network` without the first, which is the node's own."""

    def __init__(self, network: str) -> None:
        hosts = [str(host) for host in ipaddress.ip_network(network).hosts()]
        self.node = hosts[0]
        self._free = hosts[1:]
        self._used: dict[str, str] = {}

    def allocate(self, owner: str, wanted: str | None = None) -> str:
        """The address of Pod `owner`: `wanted` when that is free (a Pod that is adopted keeps its own)."""
        if wanted in self._free:
            self._free.remove(wanted)
        elif not self._free:
            raise AddressesExhausted(f"all {len(self._used)} Pod addresses of the node are in use")
        else:
            wanted = self._free.pop(0)
        self._used[wanted] = owner
        return wanted

    def release(self, address: str) -> None:
        if self._used.pop(address, None) is not None:
            self._free.append(address)
