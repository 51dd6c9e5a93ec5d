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

from local.cloud import iam_policies
from local.cloud.moto_limits import refusal, refuse
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
        self.moto = DomainDispatcherApplication(_moto_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)  # buffered, so that whoever answers can read it again
        try:
            response = self._answer(request)
        except NotImplementedError as error:
            response = refuse(_scope(request)[2], f"{_action(request) or request.path} ({error})")
        except Exception:
            log.exception("%s %s could not be answered", request.method, request.path)
            response = Response(status=500)  # without a body: that is an error to every parser of botocore
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
            if service == "iam":
                iam_policies.provide(request.get_data(as_text=True))
            response = Response.from_app(self.moto, _rewound(request), buffered=True)
            if response.status_code in (404, 405) and response.get_data().startswith(b"<!doctype html>"):
                raise NotImplementedError("no such path here")
            reads = _READS.match(action) if action else request.method in ("GET", "HEAD")
            if response.status_code < 400 and not reads:
                self.save()
        return response


def _moto_app(service: Any) -> Any:
    """moto's application of a service, whose exceptions come to us: as HTML pages they would break clients."""
    if service is None:
        raise NotImplementedError("a service that is not here")
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


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
