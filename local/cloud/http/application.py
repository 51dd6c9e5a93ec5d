"""The WSGI application: handles one request at a time, and answers when what it changed is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from werkzeug.wrappers import Response

from local.cloud.authorization import credentials
from local.cloud.authorization.credentials import State
from local.cloud.authorization.decision import authorize, session_of
from local.cloud.context import CloudContext
from local.cloud.http import caller, calls, cors, errors, loss, regions, signature
from local.cloud.http.calls import Call
from local.cloud.http.inputs import check_body, inputs_of
from local.cloud.http.moto import Keeper, Moto
from local.cloud.moto_backends import lookups
from local.cloud.service.base import Effect, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.strict.s3 import post_policy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

Handler = Callable[[Request], Response]


_OURS = Call("", "", "", "", "")
"""Of a path that AWS does not have: nothing is looked up for it, so that a new endpoint soon says that it is there."""


LATE_REFUSAL = "refused after it had changed something"
"""What the log says of an operation that does not check first; the tests' endpoint must never say it."""


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
        self.moto = Moto(context, keeper)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)  # buffered, so that handlers can read it again
        call = _OURS if request.path.startswith(tuple(self.internal)) else calls.read(request)
        answer = self._answer(call, request)
        if call.service == "s3" and "Origin" in request.headers and request.method != "OPTIONS":
            with self.context.lock:
                answer = cors.readable(answer, request)
        return answer(environ, start_response)

    def _answer(self, call: Call, request: Request) -> Response:
        try:
            for prefix, handler in self.internal.items():
                if request.path.startswith(prefix):
                    return handler(request)
            if call.service == "s3" and request.method == "OPTIONS":
                with self.context.lock:
                    return cors.preflight(request)
            loss.check(self.context, call, request)
            self._admit(call, request)
            if call.service in self.services:
                return self._own(self.services[call.service], call, request)
            return self.moto.answer(call, request)
        except (loss.Unreachable, caller.Gone):
            raise
        except AwsError as error:
            return errors.response(error, call, request)
        except UnknownServiceError:
            return errors.response(unsupported(f"the service {call.service}"), call, request)
        except Exception as error:
            log.exception("%s %s failed", call.service or request.path, call.operation)
            message = f"{call.service} {call.operation} failed: {type(error).__name__}: {error}. Nothing was changed."
            return errors.response(AwsError("InternalFailure", message, 500), call, request)

    def _admit(self, call: Call, request: Request) -> None:
        """Raises AwsError unless the request is signed for a region that is here by someone who may do what it asks."""
        if not call.signed_as:
            if calls.needs_signature(call):
                raise errors.unsigned(call)
            return
        if not regions.answers(call.service, call.region):
            raise unsupported(f"{call.service} in {call.region}")
        in_header, now = "Authorization" in request.headers, datetime.now(UTC)
        if in_header and (call.form or calls.is_presigned(request)):
            raise AwsError("InvalidArgument", "Only one auth mechanism allowed", 400)
        query = list(request.args.items(multi=True))
        path = request.environ.get("RAW_URI", request.full_path).partition("?")[0]
        headers = {name.lower(): value for name, value in request.headers}
        signed = request.method, path, query, headers
        with self.context.lock:
            caller.check(request)
            if not in_header:
                signature.verify_url(*signed, now, lookups.secret_of)
            if call.form:
                conditions = signature.verify_form(call.form, now, lookups.secret_of)
                _check_form(conditions, call, request)
            credentials.check(call.access_key, calls.token(call, request), call.service, now)
            if in_header and not signature.is_of_header(*signed, request.get_data(), lookups.secret_of):
                credentials.refuse(State.ANOTHER_SECRET, call.service)
            check_body(call, request)
            session = session_of(call.access_key)
            if session is not None:
                authorize(session, call.service, call.operation, call.region, inputs_of(call, request))

    def _own(self, service: Service[Any], call: Call, request: Request) -> Response:
        with nullcontext() if service.locks_itself else self.context.lock:
            self.context.caller = call.access_key
            if not service.locks_itself:
                self.keeper.settle()
            try:
                response, effect = service.handle(request, call.region)
                if effect is Effect.CHANGE:
                    self.keeper.commit()
            except Exception:
                self._take_back(service)
                raise
            if effect is Effect.REFUSAL and self._take_back(service):
                log.error("%s %s was %s, which was taken back", call.service, call.operation, LATE_REFUSAL)
            return response

    def _take_back(self, service: Service[Any]) -> bool:
        """Whether something of our services had been changed."""
        if service.locks_itself:
            return False
        self.keeper.revert()
        return self.keeper.revert_own()


def _check_form(conditions: list[Any], call: Call, request: Request) -> None:
    """Raises AwsError when an upload by form is not as its policy says."""
    bucket, file = request.path.strip("/"), request.files.get("file")
    size = len(file.stream.read()) if file else len(request.form.get("file", ""))
    if error := post_policy.refusal(conditions, call.form, bucket, size):
        raise error
