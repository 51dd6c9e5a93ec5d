"""A way to S3 that can be closed, and at which something happens before or after a request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Request = tuple[str, str]
"""Method and path."""
_HOP = {"connection", "expect", "transfer-encoding", "content-length"}


class Gate:
    """Passes requests on to `endpoint`; `url` is its own address."""

    def __init__(self, endpoint: str) -> None:
        self.closed = False
        self.requests: list[Request] = []
        """Those that came, refused ones included."""
        self.before: Callable[[Request], None] = lambda request: None
        self.after: Callable[[Request], None] = lambda request: None
        """Called when S3 has answered, before the answer is passed on."""
        gate, target = self, urlsplit(endpoint).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                request = self.command, self.path
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                gate.requests.append(request)
                if gate.closed:
                    self.close_connection = True
                    return
                gate.before(request)
                connection = HTTPConnection(target, timeout=30)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
                connection.request(self.command, self.path, body or None, {**headers, "Content-Length": str(len(body))})
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                gate.after(request)
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = pass_on

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
