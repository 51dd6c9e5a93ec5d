"""Takes every request to the endpoint: one at a time, written to disk before it is answered."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from local.cloud.moto_limits import refusal
from local.cloud.service import Service
from local.cloud.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

_SCOPE = re.compile(r"Credential=([^/,]+)/\d+/([^/]+)/([^/]+)/")
_READS = re.compile(r"(Describe|List|Get|Head|BatchGet|Lookup|Search|Scan|Query|Simulate|Validate|Decrypt|Verify)")
_FORM_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_WAITS_LONG = {"ReceiveMessage"}
"""Operations that may block for long and therefore must not hold the lock."""

Internal = Callable[[Request], Response]


class Front:
    """The WSGI application: our services, moto for the others, and `internal` paths that AWS does not have."""

    def __init__(
        self, world: World, services: Iterable[Service[Any]], save: Callable[[], None], internal: Mapping[str, Internal]
    ) -> None:
        self.world = world
        self.services = {service.name: service for service in services}
        self.save = save
        self.internal = internal
        self.moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)  # buffered, so that whoever answers can read it again
        try:
            response = self._answer(request)
        except Exception:
            log.exception("%s %s could not be answered", request.method, request.path)
            response = Response(status=500)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        for prefix, handler in self.internal.items():
            if request.path.startswith(prefix):
                return handler(request)
        access_key, region, service = _scope(request)
        if service in self.services:
            with self.world.lock:
                self.world.caller = access_key
                response, changed = self.services[service].answer(request, region)
                if changed:
                    self.save()
            return response
        return self._ask_moto(request, service)

    def _ask_moto(self, request: Request, service: str) -> Response:
        action = _action(request)
        refused = refusal(service, action, request)
        if refused is not None:
            return refused
        if action in _WAITS_LONG:
            return Response.from_app(self.moto, _rewound(request))
        with self.world.lock:
            response = Response.from_app(self.moto, _rewound(request), buffered=True)
            reads = _READS.match(action) if action else request.method in ("GET", "HEAD")
            if response.status_code < 400 and not reads:
                self.save()
        if response.status_code >= 500:
            return _crash(service, action, request, response)
        return response


def _crash(service: str, action: str, request: Request, response: Response) -> Response:
    """moto's exceptions become HTML pages, on which botocore's parsers break; no body is an error they all read."""
    what = action or f"{request.method} {request.path}"
    log.error("%s %s: %s", service, what, response.get_data(as_text=True)[-300:])
    if "NotImplementedError" in response.get_data(as_text=True) or response.status_code == 501:
        return Response(status=501)
    return Response(status=500)


def _scope(request: Request) -> tuple[str, str, str]:
    """Access key, region and service with and for which the request is signed; empty when it is not."""
    presigned = request.args.get("X-Amz-Credential")
    signed = f"Credential={presigned}" if presigned else request.headers.get("Authorization", "")
    match = _SCOPE.search(signed)
    return (match[1], match[2], match[3]) if match else ("", "", "")


def _action(request: Request) -> str:
    """Name of the operation where the protocol carries it; REST protocols don't."""
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.rsplit(".", 1)[-1]
    if request.content_type and request.content_type.startswith("application/x-www-form-urlencoded"):
        match = _FORM_ACTION.search(request.get_data())
        return match[1].decode() if match else ""
    return ""


def _rewound(request: Request) -> WSGIEnvironment:
    """moto reads the body from the environ, from where this request has already read it."""
    return {**request.environ, "wsgi.input": io.BytesIO(request.get_data())}
