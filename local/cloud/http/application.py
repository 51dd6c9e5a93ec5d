"""The WSGI application: handles one request at a time and saves the state before it answers."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from local.cloud.context import CloudContext
from local.cloud.moto_backends import iam
from local.cloud.moto_backends.unsupported import not_implemented, unsupported_response
from local.cloud.service.base import Service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

_SCOPE = re.compile(r"Credential=([^/,]+)/\d+/([^/]+)/([^/]+)/")
_READ_ONLY = re.compile(r"(Describe|List|Get|Head|BatchGet|Lookup|Search|Scan|Query|Simulate|Validate|Decrypt|Verify)")
_FORM_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_LONG_POLLING = {"ReceiveMessage"}
"""Operations that may block for long and therefore must not hold the lock."""

Handler = Callable[[Request], Response]


class Application:
    """Routes to our services, to moto for the others, and to `internal` handlers by path prefix."""

    def __init__(
        self,
        context: CloudContext,
        services: Iterable[Service[Any]],
        save: Callable[[], None],
        internal: Mapping[str, Handler],
    ) -> None:
        self.context = context
        self.services = {service.name: service for service in services}
        self.save = save
        self.internal = internal
        self.moto = DomainDispatcherApplication(_moto_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)  # buffered, so that handlers can read it again
        try:
            response = self._dispatch(request)
        except NotImplementedError as error:
            response = not_implemented(_scope(request)[2], f"{_action(request) or request.path} ({error})")
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            response = Response(status=500)  # without a body: that is an error to every parser of botocore
        return response(environ, start_response)

    def _dispatch(self, request: Request) -> Response:
        for prefix, handler in self.internal.items():
            if request.path.startswith(prefix):
                return handler(request)
        access_key, region, service = _scope(request)
        if service in self.services:
            own = self.services[service]
            with nullcontext() if own.locks_itself else self.context.lock:
                self.context.caller = access_key
                response, changed = own.handle(request, region)
                if changed:
                    self.save()
            return response
        return self._forward_to_moto(request, service)

    def _forward_to_moto(self, request: Request, service: str) -> Response:
        action = _action(request)
        refusal = unsupported_response(service, action, request)
        if refusal is not None:
            return refusal
        if action in _LONG_POLLING:
            return Response.from_app(self.moto, _rewound(request))
        with self.context.lock:
            if service == "iam":
                iam.load_managed_policies(f"{request.get_data(as_text=True)}&{request.query_string.decode()}")
            response = Response.from_app(self.moto, _rewound(request), buffered=True)
            if response.status_code in (404, 405) and response.get_data().startswith(b"<!doctype html>"):
                raise NotImplementedError("no such path here")
            read_only = _READ_ONLY.match(action) if action else request.method in ("GET", "HEAD")
            if response.status_code < 400 and not read_only:
                self.save()
        return response


def _moto_app(service: Any) -> Any:
    """moto's application of a service; its exceptions reach us, because clients cannot parse its HTML error pages."""
    if service is None:
        raise NotImplementedError("an unknown service")
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


def _scope(request: Request) -> tuple[str, str, str]:
    """Access key, region and service of the request's signature; empty strings when it is not signed."""
    presigned = request.args.get("X-Amz-Credential")
    signed = f"Credential={presigned}" if presigned else request.headers.get("Authorization", "")
    match = _SCOPE.search(signed)
    return (match[1], match[2], match[3]) if match else ("", "", "")


def _action(request: Request) -> str:
    """Operation name where the protocol carries it; REST protocols don't."""
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.rsplit(".", 1)[-1]
    if request.content_type and request.content_type.startswith("application/x-www-form-urlencoded"):
        match = _FORM_ACTION.search(request.get_data())
        return match[1].decode() if match else ""
    return ""


def _rewound(request: Request) -> WSGIEnvironment:
    """The environ with its body rewound: moto reads it too."""
    return {**request.environ, "wsgi.input": io.BytesIO(request.get_data())}
