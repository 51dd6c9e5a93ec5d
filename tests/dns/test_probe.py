"""One probe of a real endpoint."""

from __future__ import annotations

import asyncio
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.dns.model import HealthCheck
from local.dns.probe import Result, probe
from local.engines.certificates import Authority

HOST = "127.0.0.88"
NAME = "gateway.us-west-2.example.org"


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/active": 200, "/moved": 302, "/fenced": 503}[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"region: active, for " + self.headers["Host"].encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class Server:
    """Listens with and without TLS; `names` are those that clients named in their handshakes."""

    def __init__(self, folder: Path) -> None:
        pair = Authority(folder, "unknown to the checkers").ensure().pair("server", NAME, hosts=(NAME,))
        self.context = context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self.names: list[str | None] = []
        context.sni_callback = lambda _, name, __: self.names.append(name)
        self.plain, self.tls = (http.server.ThreadingHTTPServer((HOST, 0), Endpoint) for _ in range(2))
        self.tls.socket = context.wrap_socket(self.tls.socket, server_side=True)
        for server in (self.plain, self.tls):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self) -> None:
        for server in (self.plain, self.tls):
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("authority"))
    yield server
    server.close()


def probed(port: int, type: str, path: str = "/active", **given: Any) -> Result:
    return asyncio.run(probe(HealthCheck(id="c", type=type, host=NAME, port=port, path=path, **given), HOST))


@pytest.mark.parametrize(("path", "passed"), [("/active", True), ("/moved", True), ("/fenced", False)])
def test_the_status_decides(server: Server, path: str, passed: bool) -> None:
    assert probed(server.plain.server_port, "HTTP", path).passed is passed


@pytest.mark.parametrize(("sni", "name"), [(True, NAME), (False, None)])
def test_a_certificate_that_nobody_knows_is_taken_and_the_name_is_sent_if_asked(
    server: Server, sni: bool, name: str | None
) -> None:
    assert probed(server.tls.server_port, "HTTPS", sni=sni).status == (
        f"Success: HTTP Status Code: 200. Resolved IP: {HOST}. OK"
    )
    assert server.names[-1] == name


def test_an_endpoint_that_speaks_only_tls_1_3_is_unhealthy(server: Server) -> None:
    context = server.context
    before, context.minimum_version = context.minimum_version, ssl.TLSVersion.TLSv1_3
    try:
        assert "could not be opened" in probed(server.tls.server_port, "HTTPS", sni=True).status
    finally:
        context.minimum_version = before
    assert probed(server.tls.server_port, "HTTPS", sni=True).passed


@pytest.mark.parametrize(("search", "passed"), [("active", True), (NAME, True), ("passive", False)])
def test_the_body_is_searched(server: Server, search: str, passed: bool) -> None:
    assert probed(server.plain.server_port, "HTTP_STR_MATCH", search=search).passed is passed


def test_a_connection_is_enough_for_tcp(server: Server) -> None:
    assert probed(server.plain.server_port, "TCP").passed


def test_what_cannot_be_reached_or_is_no_http_has_failed(server: Server) -> None:
    assert "could not be opened" in probed(1, "HTTP").status
    assert "could not be opened" in probed(70000, "HTTP").status
    assert not probed(server.tls.server_port, "HTTP").passed
