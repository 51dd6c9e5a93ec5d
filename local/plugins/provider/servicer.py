"""A Backend as Pulumi's ResourceProvider gRPC service."""

from __future__ import annotations

import random
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from local.plugins.provider.base import Backend, Difference, Failure, PartlyDone, Resource, Work
from local.plugins.provider.values import Values, decode, encode

DEFAULT_TIMEOUT = 40 * 60.0
"""Seconds a create, update or delete may take unless the program sets custom timeouts."""


class Servicer(ResourceProviderServicer):
    """Translates; decides nothing."""

    def __init__(self, backend: Backend, engine: str) -> None:
        self._backend = backend
        self._cancelled = threading.Event()
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine)) if engine else None

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return proto.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._backend.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        schema = f'{{"name": "{self._backend.package}", "version": "{self._backend.version}"}}'
        return proto.GetSchemaResponse(schema=schema)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return proto.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = decode(request.old_inputs), decode(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return _difference(Difference(changed, [key for key in changed if key in self._backend.identity]))

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _reported(context):
            self._backend.configure(decode(request.args))
        return proto.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _reported(context):
            inputs, problems = self._backend.check(
                _resource(request), decode(request.olds), decode(request.news), _name_maker(request)
            )
            failures = [proto.CheckFailure(property=p.input, reason=p.reason) for p in problems]
            return proto.CheckResponse(inputs=encode(inputs), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _reported(context):
            old, new = decode(request.old_inputs), decode(request.news)
            ignored = set(request.ignoreChanges)
            found = self._backend.diff(
                _resource(request),
                {key: value for key, value in old.items() if key not in ignored},
                {key: value for key, value in new.items() if key not in ignored},
            )
            return _difference(found)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, inputs = _resource(request), decode(request.properties)
        with _reported(context):
            if request.preview:
                return proto.CreateResponse(properties=encode(self._backend.preview_create(resource, inputs)))
            id, state = self._backend.create(resource, inputs, self._work(request))
            return proto.CreateResponse(id=id, properties=encode(state))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _reported(context):
            found = self._backend.read(
                _resource(request), request.id, decode(request.inputs), decode(request.properties)
            )
            if found is None:
                return proto.ReadResponse()
            state, inputs = found
            return proto.ReadResponse(id=request.id, properties=encode(state), inputs=encode(inputs))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, state = _resource(request), decode(request.olds)
        old, new = decode(request.old_inputs), decode(request.news)
        with _reported(context):
            if request.preview:
                after = self._backend.preview_update(resource, state, old, new)
            else:
                after = self._backend.update(resource, request.id, state, old, new, self._work(request))
            return proto.UpdateResponse(properties=encode(after))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _reported(context):
            state, inputs = decode(request.properties), decode(request.old_inputs)
            self._backend.delete(_resource(request), request.id, state, inputs, self._work(request))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _reported(context):
            response = proto.InvokeResponse()
            getattr(response, "return").CopyFrom(encode(self._backend.invoke(request.tok, decode(request.args))))
            return response

    def _work(self, request: Any) -> Work:
        def say(message: str) -> None:
            if self._engine is not None:
                info = engine_pb2.LogSeverity.INFO
                self._engine.Log(engine_pb2.LogRequest(severity=info, message=message, urn=request.urn, ephemeral=True))

        return Work(say, self._cancelled, time.monotonic() + (request.timeout or DEFAULT_TIMEOUT))


def _resource(request: Any) -> Resource:
    _, _, types, name = request.urn.split("::", 3)
    return Resource(request.urn, types.split("$")[-1], name)


def _name_maker(request: Any) -> Callable[[], str]:
    def propose() -> str:
        if request.autonaming.proposed_name:
            return request.autonaming.proposed_name
        suffix = random.Random(request.randomSeed).getrandbits(28)
        return f"{_resource(request).name}-{suffix:07x}"

    return propose


def _difference(found: Difference) -> Any:
    kinds = proto.PropertyDiff
    detail = {
        path: kinds(kind=kinds.UPDATE_REPLACE if path in found.replaces else kinds.UPDATE, inputDiff=True)
        for path in found.changed
    }
    return proto.DiffResponse(
        changes=proto.DiffResponse.DIFF_SOME if found.changed else proto.DiffResponse.DIFF_NONE,
        diffs=sorted({path.split(".")[0] for path in found.changed}),
        replaces=sorted({path.split(".")[0] for path in found.replaces}),
        deleteBeforeReplace=found.delete_first and bool(found.replaces),
        detailedDiff=detail,
        hasDetailedDiff=True,
    )


@contextmanager
def _reported(context: grpc.ServicerContext) -> Iterator[None]:
    """Turn exceptions into statuses the engine shows; a defect of ours comes with its traceback."""
    try:
        yield
    except PartlyDone as partly:
        _abort_partly_done(context, partly)
    except Failure as failure:
        context.abort(grpc.StatusCode.UNKNOWN, str(failure))
    except Exception:
        context.abort(grpc.StatusCode.INTERNAL, traceback.format_exc())


def _abort_partly_done(context: grpc.ServicerContext, partly: PartlyDone) -> None:
    known: Values = partly.state
    detail = any_pb2.Any()
    detail.Pack(proto.ErrorResourceInitFailed(id=partly.id, properties=encode(known), reasons=[str(partly)]))
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=str(partly), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, str(partly))
