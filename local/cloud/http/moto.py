"""Requests that moto carries out: AWS's rules first, and what moto changes is kept or taken back."""

from __future__ import annotations

import io
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from local.cloud.context import CloudContext
from local.cloud.http import answers, caller, chunks
from local.cloud.http.calls import Call
from local.cloud.http.inputs import inputs_of
from local.cloud.moto_backends import iam, lookups, sqs
from local.cloud.moto_backends.admitted import refuse_unless_admitted
from local.cloud.service.errors import unsupported
from local.cloud.strict.failures import error_for
from local.cloud.strict.pretended import refusal
from local.cloud.strict.request import ServiceRequest
from local.cloud.strict.rules import rule
from local.cloud.strict.s3 import sub_resources
from local.cloud.svc import networks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_READS = ("Get", "List", "Describe", "BatchGet", "Head")
_MADE_BY_READS = {"sts", "kms"}
"""Services whose reads make something: a session, a key of AWS when its alias is asked for."""


class Keeper(Protocol):
    """The state on disk."""

    def settle(self) -> None:
        """To be called before a request is carried out, so that what undoes it undoes nothing else. Raises AwsError."""
        ...

    def commit(self) -> None:
        """Writes what a request changed. Raises AwsError when that fails; then nothing has changed in moto."""
        ...

    def commit_read(self) -> None:
        """As `commit`, after a request that only read."""
        ...

    def revert(self) -> None:
        """Takes back what a request changed in moto."""
        ...

    def revert_own(self) -> bool:
        """Takes back what a request changed in our services; whether that was anything."""
        ...


class Moto:
    """moto's services. An error changes nothing, and neither does a read: what moto makes at its first use is kept."""

    def __init__(self, context: CloudContext, keeper: Keeper) -> None:
        self.context = context
        self.keeper = keeper
        self.dispatcher = DomainDispatcherApplication(_moto_app)

    def answer(self, call: Call, request: Request) -> Response:
        """Holds the lock, but not while it waits for messages. Raises AwsError."""
        deadline = None
        while True:
            try:
                with self.context.lock:
                    return self._carry_out(call, request)
            except sqs.NoMessages as empty:
                deadline = deadline or time.monotonic() + empty.seconds
            if time.monotonic() > deadline:
                with self.context.lock, sqs.last_time():
                    return self._carry_out(call, request)
            time.sleep(_POLL_SECONDS)

    def _carry_out(self, call: Call, request: Request) -> Response:
        caller.check(request)
        self.context.caller = call.access_key
        self._check(call, request)
        self.keeper.settle()
        try:
            if call.service == "iam":
                iam.load_managed_policies(f"{request.get_data(as_text=True)}&{request.query_string.decode()}")
            response = Response.from_app(self.dispatcher, _rewound(request), buffered=True)
        except sqs.NoMessages:
            self.keeper.commit()
            raise
        except NotImplementedError as error:
            self.keeper.revert()
            raise unsupported(f"{call.service} {call.operation or request.path} ({error})") from error
        except Exception as error:
            self.keeper.revert()
            log.exception("moto: %s %s failed", call.service, call.operation)
            raise error_for(error, call.service, call.operation, inputs_of(call, request)) from error
        page = response.status_code >= 300 and response.get_data().startswith(b"<!doctype html>")
        if page or response.status_code == 500:
            self.keeper.revert()  # no such path, a redirect to another spelling of it, or what moto has not done
            raise unsupported(f"{call.service} {call.operation or request.path}")
        if call.service == "s3" and request.method in ("GET", "HEAD"):
            pass  # S3 makes nothing at a read, and its state is the largest
        elif response.status_code >= 400:
            self.keeper.revert()
        elif call.operation.startswith(_READS) and call.service not in _MADE_BY_READS:
            self.keeper.commit_read()
        else:
            self.keeper.commit()
        return answers.corrected(response, call)

    def _check(self, call: Call, request: Request) -> None:
        refused = refusal(call.service, call.operation)
        if refused is None and call.service == "s3":
            asked = request.method, sub_resources.is_about_object(request), request.args.keys()
            refused = sub_resources.refusal(*asked, call.operation, call.signed_as)
        if refused is not None:
            raise refused
        content = chunks.content(request) if call.service == "s3" else None
        check = rule(call.service, call.operation)
        if check is not None:
            inputs = inputs_of(call, request)
            if content is not None and "Body" in inputs:
                inputs |= {"Body": content.body, **content.digests}
            check(
                ServiceRequest(
                    call.service,
                    call.operation,
                    call.region,
                    lookups.principal(call.access_key),
                    inputs,
                    in_chunks=content is not None,
                    session=lookups.session_name(call.access_key),
                    in_use=partial(networks.in_use, self.context.state, call.region),
                )
            )


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
