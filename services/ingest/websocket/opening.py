"""Whether a request opens a WebSocket (RFC 6455, section 4.2.1). Pure; the request is what httptools has parsed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from websockets.utils import accept_key

MAX_HEADERS = 128
MAX_LINE_BYTES = 8192
"""Of the request line and of a header."""
VERSION = b"13"
_KEY_BYTES = 16
_ONCE = (b"host", b"sec-websocket-key", b"sec-websocket-version")

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Names in lower case, and values."""


class InvalidOpening(ValueError):
    """The request opens no WebSocket: the status and headers of the response, and a text that says why."""

    def __init__(self, status: int, reason: str, headers: RawHeaders = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


def accept(method: str, version: str, url: bytes, headers: RawHeaders) -> bytes:
    """The value of Sec-WebSocket-Accept for a request with `Upgrade: websocket`; raises InvalidOpening."""
    _check_size(url, headers)
    if method != "GET":
        raise InvalidOpening(405, f"the method is {method}, not GET", [(b"allow", b"GET")])
    if version != "1.1":
        raise InvalidOpening(505, f"the version is HTTP/{version}, not HTTP/1.1")
    if not url.isascii():
        raise InvalidOpening(400, "the path has a character that is not ASCII")
    values = dict(headers)
    if values.get(b"content-length", b"0") != b"0":
        raise InvalidOpening(400, "the request has a body")
    if b"transfer-encoding" in values:
        raise InvalidOpening(400, "transfer codings aren't supported")
    for once in _ONCE:
        if sum(name == once for name, _ in headers) > 1:
            raise InvalidOpening(400, f"{once.decode()} appears twice")
    if b"host" not in values:
        raise InvalidOpening(400, "there is no host")
    if (given := values.get(b"sec-websocket-version")) != VERSION:
        offered = [(b"sec-websocket-version", VERSION)]
        raise InvalidOpening(426, f"sec-websocket-version is {_shown(given)}, not 13", offered)
    key = values.get(b"sec-websocket-key")
    if key is None or not _is_key(key):
        raise InvalidOpening(400, f"sec-websocket-key is {_shown(key)}, not 16 bytes in base64")
    return accept_key(key.decode()).encode()


def subprotocols(headers: RawHeaders) -> list[str]:
    """Those that the client offers, in its order."""
    offered = (value.decode("latin-1") for name, value in headers if name == b"sec-websocket-protocol")
    return [one.strip() for value in offered for one in value.split(",")]


def _check_size(url: bytes, headers: RawHeaders) -> None:
    if len(url) > MAX_LINE_BYTES:
        raise InvalidOpening(414, f"the path is longer than {MAX_LINE_BYTES} bytes")
    if len(headers) > MAX_HEADERS:
        raise InvalidOpening(431, f"more than {MAX_HEADERS} headers")
    for name, value in headers:
        if len(name) + len(value) > MAX_LINE_BYTES:
            reason = f"a header is longer than {MAX_LINE_BYTES} bytes"
            raise InvalidOpening(431, reason)


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except binascii.Error:
        return False


def _shown(value: bytes | None) -> str:
    return "missing" if value is None else repr(value[:40].decode("latin-1"))
