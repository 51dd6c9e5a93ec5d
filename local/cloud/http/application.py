"""The WSGI application: handles one request at a time, and answers when what it changed is kept."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from local.cloud.context import CloudContext
from local.cloud.http import calls, errors, regions
from local.cloud.http.calls import Call
from local.cloud.moto_backends import iam
from local.cloud.moto_backends.admitted import refuse_unless_admitted
from local.cloud.service.base import Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.failures import error_for
from local.cloud.service.pretended import refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

Handler = Callable[[Request], Response]


class Keeper(Protocol):
    """The state on disk."""

    def commit(self) -> None:
        """Writes what a request changed. Raises AwsError when that fails; then nothing has changed."""
        ...

    def revert(self) -> None:
        """Takes back what a request changed in moto."""
        ...

    def revert_own(self) -> None:
        """Takes back what a request changed in our services."""
        ...


class Application:
    """Routes to our services, to moto for the others, and to `internal` handlers by path prefix."""

    def __init__(
        self,
        context: CloudContext,
        services: Iterable[Service[Any]],
        keeper: Keeper,
        internal: Mapping[str, Handler],
    ) -> None:
        self.context = context
        self.services = {service.name: service for service in services}
        self.keeper = keeper
        self.internal = internal
        self.moto = DomainDispatcherApplication(_moto_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)  # buffered, so that handlers can read it again
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        call = calls.read(request)
        try:
            for prefix, handler in self.internal.items():
                if request.path.startswith(prefix):
                    return handler(request)
            return self._carry_out(call, request)
        except AwsError as error:
            return errors.response(error, call.service, request)
        except Exception as error:
            log.exception("%s %s failed", call.service or request.path, call.operation)
            failure = f"{call.service} {call.operation} failed: {type(error).__name__}: {error}. Nothing was changed."
            return errors.response(AwsError("InternalFailure", failure, 500), call.service, request)

    def _carry_out(self, call: Call, request: Request) -> Response:
        if not call.signed_as and calls.needs_signature(call):
            raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        if call.signed_as and not regions.answers(call.service, call.region):
            raise unsupported(f"{call.service} in {call.region}")
        own = self.services.get(call.service)
        with nullcontext() if own is not None and own.locks_itself else self.context.lock:
            self.context.caller = call.access_key
            if own is not None:
                return self._own(own, call, request)
            return self._of_moto(call, request)

    def _own(self, service: Service[Any], call: Call, request: Request) -> Response:
        try:
            response, changed = service.handle(request, call.region)
            if changed:
                self.keeper.commit()
        except Exception:
            with self.context.lock:
                self.keeper.revert()
                self.keeper.revert_own()
            raise
        return response

    def _of_moto(self, call: Call, request: Request) -> Response:
        """Errors change nothing, and neither do reads: what moto makes at its first use is kept as well."""
        refused = refusal(call.service, call.operation)
        if refused is not None:
            raise refused
        try:
            if call.service == "iam":
                iam.load_managed_policies(f"{request.get_data(as_text=True)}&{request.query_string.decode()}")
            response = Response.from_app(self.moto, _rewound(request), buffered=True)
        except NotImplementedError as error:
            self.keeper.revert()
            raise unsupported(f"{call.service} {call.operation or request.path} ({error})") from error
        except Exception as error:
            self.keeper.revert()
            log.exception("moto: %s %s failed", call.service, call.operation)
            raise error_for(error, call.service, call.operation) from error
        if response.status_code >= 400:
            self.keeper.revert()
            if response.get_data().startswith(b"<!doctype html>"):
                raise unsupported(f"{call.service} {call.operation or request.path}")
        else:
            self.keeper.commit()
        return response


def _moto_app(service: Any) -> Any:
    """moto's application of a service; its exceptions reach us, because clients cannot parse its HTML error pages."""
    if service is None:
        raise NotImplementedError("an unknown service")
    refuse_unless_admitted(service)
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


def _rewound(request: Request) -> WSGIEnvironment:
    """The environ with its body rewound: moto reads it too."""
    return {**request.environ, "wsgi.input": io.BytesIO(request.get_data())}
