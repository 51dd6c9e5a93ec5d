"""A front of the AWS endpoint that withholds an answer: AWS has done what the caller never hears of."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_READS = re.compile(rb"(?:Action=|\.)(?:Describe|List|Get|Head)")
_HOP = {"connection", "content-length", "transfer-encoding"}


class Front:
    """`url` leads to `endpoint`; after the `change`-th request that changes something, `withheld` is called."""

    def __init__(self, endpoint: str) -> None:
        self._target = urlsplit(endpoint).netloc
        self._left = 0
        self._withheld: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _forward(self) -> None:
                with suppress(ConnectionError):  # the caller has been killed
                    front.forward(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _forward

            def log_message(self, format: str, *args: object) -> None:
                """Requests are not logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://{}:{}".format(*self._server.server_address)

    def withhold(self, change: int, withheld: Callable[[], None]) -> None:
        with self._lock:
            self._left, self._withheld = change, withheld

    @contextmanager
    def serving(self) -> Iterator[Front]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def forward(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection(self._target, timeout=120)
        connection.request(request.command, request.path, body, dict(request.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status < 400 and self._is_withheld(request, body):
            self._withheld()
            request.close_connection = True
            return
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)

    def _is_withheld(self, request: BaseHTTPRequestHandler, body: bytes) -> bool:
        named = request.headers.get("X-Amz-Target", "").encode() + body
        if request.command in ("GET", "HEAD") or _READS.search(named[:2000]):
            return False
        with self._lock:
            self._left -= 1
            return self._left == 0
