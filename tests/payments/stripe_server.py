"""Answers in the place of Stripe's API, in the shapes of its reference: the calls that the service makes, no others.

It keeps Idempotency-Keys as Stripe does, and refuses another key of the API.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

KEY = "sk_test_of_these_tests"


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    form: dict[str, str]
    key: str | None


@dataclass
class StripeServer:
    """`away`: it answers every call with an error of its own. `fees` are those of balance transactions."""

    away: bool = False
    calls: list[Call] = field(default_factory=list)
    fees: dict[str, tuple[int, str]] = field(default_factory=dict)
    customers: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._answers: dict[str, dict[str, Any]] = {}
        handler = type("Handler", (_Handler,), {"stripe": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> StripeServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, call: Call) -> tuple[int, dict[str, Any]]:
        self.calls.append(call)
        if self.away:
            return 500, {"error": {"type": "api_error", "message": "An unknown error occurred"}}
        if call.key is not None and call.key in self._answers:
            return 200, self._answers[call.key]
        status, answer = self._object(call)
        if call.key is not None and status == 200:
            self._answers[call.key] = answer
        return status, answer

    def _object(self, call: Call) -> tuple[int, dict[str, Any]]:
        match call.method, call.path.strip("/").split("/")[1:]:
            case "POST", ["checkout", "sessions"]:
                id = f"cs_test_{len(self.calls)}"
                page = f"https://checkout.stripe.com/c/pay/{id}"
                return 200, {"id": id, "object": "checkout.session", "url": page, "expires_at": 2_000_000_000}
            case "POST", ["subscriptions", id]:
                return 200, {"id": id, "object": "subscription", "cancel_at_period_end": True}
            case "GET", ["balance_transactions", id] if id in self.fees:
                fee, currency = self.fees[id]
                return 200, {"id": id, "object": "balance_transaction", "fee": fee, "currency": currency}
            case "DELETE", ["customers", id] if id in self.customers:
                self.customers.discard(id)
                return 200, {"id": id, "object": "customer", "deleted": True}
            case _:
                return 404, {"error": {"type": "invalid_request_error", "message": f"No such object: {call.path}"}}


class _Handler(BaseHTTPRequestHandler):
    stripe: StripeServer

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        given = {name: value for name, (value, *_) in parse_qs(form).items()}
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            error = {"type": "invalid_request_error", "message": "Invalid API Key provided"}
            return self._send(401, {"error": error})
        call = Call(self.command, self.path.partition("?")[0], given, self.headers.get("Idempotency-Key"))
        return self._send(*self.stripe.answer(call))

    do_GET = do_DELETE = do_POST

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the calls are kept."""
