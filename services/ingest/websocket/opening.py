"""Whether a request opens a WebSocket (RFC 6455, section 4.2.1). Pure; the request is what httptools has parsed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from http import HTTPStatus

from websockets.utils import accept_key

MAX_HEADERS = 128
MAX_LINE_BYTES = 8192
"""Of the request line and of a header."""
VERSION = b"13"
_KEY_BYTES = 16
_ONCE = (b"sec-websocket-key", b"sec-websocket-version")

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Names in lower case, and values."""


class InvalidOpening(ValueError):
    """The request opens no WebSocket; the text says why and is safe to return."""

    def __init__(self, status: HTTPStatus, reason: str, headers: RawHeaders = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


def accept(method: str, version: str, url: bytes, headers: RawHeaders) -> bytes:
    """The value of Sec-WebSocket-Accept for a request with `Upgrade: websocket`; raises InvalidOpening."""
    _check_size(url, headers)
    if method != "GET":
        raise InvalidOpening(HTTPStatus.METHOD_NOT_ALLOWED, f"the method is {method}, not GET", [(b"allow", b"GET")])
    if version != "1.1":
        raise InvalidOpening(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, f"the version is HTTP/{version}, not HTTP/1.1")
    if not url.isascii():
        raise InvalidOpening(HTTPStatus.BAD_REQUEST, "the path has a character that is not ASCII")
    values = dict(headers)
    if values.get(b"content-length", b"0") != b"0":
        raise InvalidOpening(HTTPStatus.BAD_REQUEST, "the request has a body")
    if b"transfer-encoding" in values:
        raise InvalidOpening(HTTPStatus.BAD_REQUEST, "transfer codings aren't supported")
    for once in _ONCE:
        if sum(name == once for name, _ in headers) > 1:
            raise InvalidOpening(HTTPStatus.BAD_REQUEST, f"{once.decode()} appears twice")
    if (given := values.get(b"sec-websocket-version")) != VERSION:
        offered = [(b"sec-websocket-version", VERSION)]
        raise InvalidOpening(HTTPStatus.UPGRADE_REQUIRED, f"sec-websocket-version is {_shown(given)}, not 13", offered)
    key = values.get(b"sec-websocket-key")
    if key is None or not _is_key(key):
        raise InvalidOpening(HTTPStatus.BAD_REQUEST, f"sec-websocket-key is {_shown(key)}, not 16 bytes in base64")
    return accept_key(key.decode()).encode()


def subprotocols(headers: RawHeaders) -> list[str]:
    """Those that the client offers, in its order."""
    offered = (value.decode("latin-1") for name, value in headers if name == b"sec-websocket-protocol")
    return [one.strip() for value in offered for one in value.split(",")]


def response(status: HTTPStatus, headers: Iterable[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    """An HTTP response as bytes."""
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    return head + b"".join([b"%s: %s\r\n" % header for header in headers]) + b"\r\n" + body


def refusal(error: InvalidOpening) -> bytes:
    """The response to a request that opens no WebSocket."""
    body = f"Invalid handshake: {error}.\n".encode("ascii", "replace")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    return response(error.status, [*headers, *error.headers], body)


def _check_size(url: bytes, headers: RawHeaders) -> None:
    if len(url) > MAX_LINE_BYTES:
        raise InvalidOpening(HTTPStatus.REQUEST_URI_TOO_LONG, f"the path is longer than {MAX_LINE_BYTES} bytes")
    if len(headers) > MAX_HEADERS:
        raise InvalidOpening(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {MAX_HEADERS} headers")
    for name, value in headers:
        if len(name) + len(value) > MAX_LINE_BYTES:
            reason = f"a header is longer than {MAX_LINE_BYTES} bytes"
            raise InvalidOpening(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, reason)


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except binascii.Error:
        return False


def _shown(value: bytes | None) -> str:
    return "missing" if value is None else repr(value[:40].decode("latin-1"))
