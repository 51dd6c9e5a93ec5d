"""Which requests open a WebSocket: the same as for the library `websockets`, and with its answer."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol

from services.ingest.websocket.handshake import refusal, response
from services.ingest.websocket.opening import (
    MAX_HEADERS,
    MAX_LINE_BYTES,
    InvalidOpening,
    RawHeaders,
    accept,
    subprotocols,
)

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = [(b"host", b"x"), (b"upgrade", b"websocket"), (b"connection", b"keep-alive, Upgrade")]
VALID = [*UPGRADE, (b"sec-websocket-key", KEY), (b"sec-websocket-version", b"13")]


def test_the_answer_is_that_of_rfc_6455() -> None:
    assert accept("GET", "1.1", b"/v1/stream", VALID) == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


_keys = st.sampled_from(
    [KEY, b"", b"dGhl", b"!Ghl" + KEY[4:], KEY[:-1], KEY[:-4], b"A" * 22 + b"==", b"A" * 24, KEY + b" "]
)
_versions = st.sampled_from([b"13", b"12", b"8", b"", b"013", b" 13"])
_headers = st.lists(
    st.one_of(st.tuples(st.just(b"sec-websocket-key"), _keys), st.tuples(st.just(b"sec-websocket-version"), _versions)),
    max_size=4,
)


@given(st.sampled_from(["GET", "POST", "HEAD"]), st.sampled_from(["1.1", "1.0"]), _headers)
@example("GET", "1.1", VALID[3:])
def test_what_websockets_accepts_is_accepted_with_its_answer(
    method: str, version: str, headers: list[tuple[bytes, bytes]]
) -> None:
    given_headers = Headers([(name.decode(), value.decode()) for name, value in [*UPGRADE, *headers]])
    theirs = ServerProtocol().accept(Request("/", given_headers, method, f"HTTP/{version}"))
    try:
        ours = accept(method, version, b"/", [*UPGRADE, *headers])
    except InvalidOpening:
        assert theirs.status_code != HTTPStatus.SWITCHING_PROTOCOLS
    else:
        assert theirs.headers["Sec-WebSocket-Accept"] == ours.decode()


@pytest.mark.parametrize(
    ("url", "headers", "status", "reason"),
    [
        (b"/" + b"x" * MAX_LINE_BYTES, VALID, 414, "the path is longer than 8192 bytes"),
        (b"/", [*VALID, *[(b"x", b"")] * MAX_HEADERS], 431, "more than 128 headers"),
        (b"/", [*VALID, (b"x", b"y" * MAX_LINE_BYTES)], 431, "a header is longer than 8192 bytes"),
        (b"/\xe9", VALID, 400, "not ASCII"),
        (b"/", [*VALID, (b"content-length", b"5")], 400, "a body"),
        (b"/", [*VALID, (b"transfer-encoding", b"chunked")], 400, "transfer codings"),
        (b"/", [*VALID, VALID[-1]], 400, "sec-websocket-version appears twice"),
        (b"/", [*VALID, VALID[0]], 400, "host appears twice"),
        (b"/", VALID[1:], 400, "there is no host"),
        (b"/", VALID[:-1], 426, "sec-websocket-version is missing, not 13"),
        (b"/", UPGRADE + VALID[-1:], 400, "sec-websocket-key is missing"),
        (b"/", [*UPGRADE, (b"sec-websocket-key", b"A" * 24), VALID[-1]], 400, "not 16 bytes"),
    ],
)
def test_a_refusal_names_the_reason(url: bytes, headers: RawHeaders, status: int, reason: str) -> None:
    with pytest.raises(InvalidOpening, match=reason) as refused:
        accept("GET", "1.1", url, headers)
    assert refused.value.status == status


def test_a_body_of_no_length_is_none() -> None:
    assert accept("GET", "1.1", b"/", [*VALID, (b"content-length", b"0")])


def test_a_refusal_of_the_version_names_ours() -> None:
    with pytest.raises(InvalidOpening) as refused:
        accept("GET", "1.1", b"/", [*VALID[:-1], (b"sec-websocket-version", b"8")])
    head, _, body = refusal(refused.value).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 426 Upgrade Required\r\n")
    assert b"\r\nsec-websocket-version: 13" in head
    assert b"\r\ncontent-length: %d" % len(body) in head


def test_subprotocols_come_in_the_order_of_the_client() -> None:
    offered = [(b"sec-websocket-protocol", b"bearer, a.b.c"), (b"sec-websocket-protocol", b"other")]
    assert subprotocols(offered) == ["bearer", "a.b.c", "other"]


def test_a_response_is_status_headers_and_body() -> None:
    assert response(HTTPStatus.OK, [(b"a", b"b")], b"body") == b"HTTP/1.1 200 OK\r\na: b\r\n\r\nbody"
