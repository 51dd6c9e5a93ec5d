"""Looks at a region from outside, each by a way of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from runbooks.ports import Probe

_SECONDS = 3.0


@dataclass(frozen=True)
class HttpProbe:
    """Over TLS or not, as the URL says.

    Any answer counts with `only` None: a server that refuses is there. With a status, that one alone counts.
    """

    name: str
    url: Callable[[], str | None]
    """Asked at every look; None where nobody knows it."""
    authority: str | None = None
    """A file; without one nothing is verified, since an answer is an answer."""
    host: str | None = None
    """The name to ask for, where the address in the URL is not to be looked up."""
    only: int | None = None

    def answers(self) -> str | None:
        url = self.url()
        if url is None:
            return None
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=self.authority) if self.authority else False
        extensions = {"sni_hostname": self.host} if self.host else {}
        headers = {"Host": self.host} if self.host else {}
        try:
            with httpx.Client(verify=verify, timeout=_SECONDS, trust_env=False) as http:
                answer = http.get(url, headers=headers, extensions=extensions)
        except httpx.HTTPError:
            return None
        if self.only is not None and answer.status_code != self.only:
            return None
        return f"{url}: {answer.status_code}"


@dataclass(frozen=True)
class TcpProbe:
    """Whether anything listens. `address` is asked at every look: of a database it is known to nobody beforehand."""

    name: str
    address: Callable[[], tuple[str, int] | None]

    def answers(self) -> str | None:
        found = self.address()
        if found is None:
            return None
        try:
            with socket.create_connection(found, timeout=_SECONDS):
                return f"{found[0]}:{found[1]} is open"
        except OSError:
            return None


@dataclass(frozen=True)
class CallProbe:
    """An API of the region: any answer counts, also a refusal. `call` raises Unreachable without one."""

    name: str
    call: Callable[[], object]
    none: tuple[type[Exception], ...]

    def answers(self) -> str | None:
        try:
            self.call()
        except self.none:
            return None
        except Exception as error:
            return f"it refuses: {error}"
        return "it answers"


@dataclass(frozen=True)
class EveryProbe:
    """An answer only while all of them have one."""

    probes: Sequence[Probe]

    @property
    def name(self) -> str:
        return " and ".join(probe.name for probe in self.probes)

    def answers(self) -> str | None:
        found = [probe.answers() for probe in self.probes]
        return "; ".join(answer for answer in found if answer) if all(found) else None
