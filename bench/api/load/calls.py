"""What a load calls, and which answers are right, as values that travel to the generator's process. Pure.

Each connection has a `Script`: the next request, and whether the answer to it is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

import msgspec

SHOWN_BYTES = 200


class WrongAnswer(Exception):
    """An answer that is not the one expected; the text says what came."""


class _ProblemDocument(msgspec.Struct):
    detail: str


def shown(status: int, body: bytes) -> str:
    """What came, the same for the same reason: a problem's trace id would make every one another."""
    try:
        return f"{status} {msgspec.json.decode(body, type=_ProblemDocument).detail}"
    except msgspec.DecodeError:
        return f"{status} {body[:SHOWN_BYTES].decode(errors='replace')}"


class Script(Protocol):
    """Of one connection; requests are complete HTTP/1.1 messages."""

    def request(self) -> bytes: ...

    def answered(self, status: int, body: bytes) -> None:
        """Takes the answer to the last request; raises WrongAnswer."""
        ...


def get(path: str, host: str, token: str = "") -> bytes:
    """A GET request, with an access token if given."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n".encode()


@dataclass
class Repeated:
    """`requests` in turn, each of which is answered by 200 with `expected` in the body."""

    requests: Sequence[bytes]
    expected: bytes
    _sent: int = 0

    def request(self) -> bytes:
        self._sent += 1
        return self.requests[self._sent % len(self.requests)]

    def answered(self, status: int, body: bytes) -> None:
        if status != 200 or self.expected not in body:
            raise WrongAnswer(shown(status, body))


class _Tokens(msgspec.Struct):
    access_token: str
    refresh_token: str


@dataclass
class Refreshing:
    """A device that refreshes its tokens: each request has the refresh token that the answer before it gave."""

    path: str
    host: str
    refresh_token: str
    _decode: msgspec.json.Decoder[_Tokens] = field(default_factory=lambda: msgspec.json.Decoder(_Tokens))

    def __reduce__(self) -> tuple[type[Refreshing], tuple[str, str, str]]:
        return Refreshing, (self.path, self.host, self.refresh_token)

    def request(self) -> bytes:
        form = urlencode({"grant_type": "refresh_token", "refresh_token": self.refresh_token})
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(form)}\r\n\r\n{form}"
        ).encode()

    def answered(self, status: int, body: bytes) -> None:
        if status != 200:
            raise WrongAnswer(shown(status, body))
        try:
            found = self._decode.decode(body)
        except msgspec.DecodeError as error:
            raise WrongAnswer(f"{status} without tokens: {error}") from error
        if not found.access_token or found.refresh_token == self.refresh_token:
            raise WrongAnswer(f"{status} with the refresh token that was used up")
        self.refresh_token = found.refresh_token


@dataclass(frozen=True)
class Http:
    """Connections to `address`, one for each script; with TLS for `host` if there is a `ca_file`.

    Each connection has a source address of its own: the gateway limits some routes by the caller's.
    """

    address: tuple[str, int]
    host: str
    scripts: Sequence[Script]
    ca_file: str = ""


@dataclass(frozen=True)
class Introspection:
    """gRPC connections to `address`, one for each pair of an access token and its subject."""

    address: tuple[str, int]
    tokens: Sequence[tuple[str, str]]


Calls = Http | Introspection
