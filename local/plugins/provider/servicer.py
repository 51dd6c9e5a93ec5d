"""A Provider as Pulumi's ResourceProvider gRPC service."""

from __future__ import annotations

import random
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from local.plugins.provider.base import DiffResult, Operation, Provider, ProviderError, Resource, ResourceInitFailed
from local.plugins.provider.components import construct
from local.plugins.provider.values import Values, decode, encode, marked, secret_keys

DEFAULT_TIMEOUT = 40 * 60.0
"""Seconds for a create, update or delete unless the program sets custom timeouts."""


class Servicer(ResourceProviderServicer):
    """Translates between gRPC messages and a Provider's calls."""

    def __init__(self, provider: Provider, engine: str) -> None:
        self._provider = provider
        self._cancelled = threading.Event()
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine)) if engine else None

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return proto.ProviderHandshakeResponse(
            supports_autonaming_configuration=True, accept_secrets=self._provider.accepts_secrets
        )

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        schema = f'{{"name": "{self._provider.package}", "version": "{self._provider.version}"}}'
        return proto.GetSchemaResponse(schema=schema)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return proto.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = decode(request.old_inputs), decode(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return _difference(DiffResult(changed, [key for key in changed if key in self._provider.identity]))

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _errors_as_status(context):
            self._provider.configure(decode(request.args))
        return proto.ConfigureResponse(
            supportsPreview=True,
            supports_autonaming_configuration=True,
            acceptSecrets=self._provider.accepts_secrets,
        )

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _errors_as_status(context):
            inputs, problems = self._provider.check(
                _resource(request), decode(request.olds), decode(request.news), _name_maker(request)
            )
            failures = [proto.CheckFailure(property=p.property, reason=p.reason) for p in problems]
            return proto.CheckResponse(inputs=_encoded(inputs, request.news), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _errors_as_status(context):
            old, new = decode(request.old_inputs), decode(request.news)
            ignored = set(request.ignoreChanges)
            found = self._provider.diff(
                _resource(request),
                {key: value for key, value in old.items() if key not in ignored},
                {key: value for key, value in new.items() if key not in ignored},
            )
            return _difference(found)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, inputs = _resource(request), decode(request.properties)
        with _errors_as_status(context):
            if request.preview:
                return proto.CreateResponse(
                    properties=_encoded(self._provider.preview_create(resource, inputs), request.properties)
                )
            id, state = self._provider.create(resource, inputs, self._operation(request))
            return proto.CreateResponse(id=id, properties=_encoded(state, request.properties))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _errors_as_status(context):
            found = self._provider.read(
                _resource(request), request.id, decode(request.inputs), decode(request.properties)
            )
            if found is None:
                return proto.ReadResponse()
            state, inputs = found
            return proto.ReadResponse(
                id=self._provider.id_of(request.id, state),
                properties=_encoded(state, request.properties, request.inputs),
                inputs=_encoded(inputs, request.inputs),
            )

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource, state = _resource(request), decode(request.olds)
        old, new = decode(request.old_inputs), decode(request.news)
        with _errors_as_status(context):
            if request.preview:
                after = self._provider.preview_update(resource, state, old, new)
            else:
                after = self._provider.update(resource, request.id, state, old, new, self._operation(request))
            return proto.UpdateResponse(properties=_encoded(after, request.news))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _errors_as_status(context):
            state, inputs = decode(request.properties), decode(request.old_inputs)
            self._provider.delete(_resource(request), request.id, state, inputs, self._operation(request))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _errors_as_status(context):
            response = proto.InvokeResponse()
            getattr(response, "return").CopyFrom(encode(self._provider.invoke(request.tok, decode(request.args))))
            return response

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _errors_as_status(context):
            children = self._provider.children(request.type, request.name, decode(request.inputs))
            return construct(request, self._provider.package, children)

    def _operation(self, request: Any) -> Operation:
        def log(message: str, ephemeral: bool) -> None:
            if self._engine is not None:
                info = engine_pb2.LogSeverity.INFO
                entry = engine_pb2.LogRequest(severity=info, message=message, urn=request.urn, ephemeral=ephemeral)
                self._engine.Log(entry)

        report, inform = partial(log, ephemeral=True), partial(log, ephemeral=False)
        return Operation(report, inform, self._cancelled, time.monotonic() + (request.timeout or DEFAULT_TIMEOUT))


def _encoded(values: Values, *given: Any) -> Any:
    """The wire form; what is a secret in `given` is one here."""
    return encode(marked(values, {key for struct in given for key in secret_keys(struct)}))


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


def _difference(found: DiffResult) -> Any:
    kinds = proto.PropertyDiff
    detail = {
        path: kinds(kind=kinds.UPDATE_REPLACE if path in found.replaces else kinds.UPDATE, inputDiff=True)
        for path in found.changed
    }
    return proto.DiffResponse(
        changes=proto.DiffResponse.DIFF_SOME if found.changed else proto.DiffResponse.DIFF_NONE,
        diffs=sorted({path.split(".")[0] for path in found.changed}),
        replaces=sorted({path.split(".")[0] for path in found.replaces}),
        deleteBeforeReplace=found.delete_before_replace and bool(found.replaces),
        detailedDiff=detail,
        hasDetailedDiff=True,
    )


@contextmanager
def _errors_as_status(context: grpc.ServicerContext) -> Iterator[None]:
    """Turn exceptions into gRPC statuses that the engine shows; an unexpected one with its traceback."""
    try:
        yield
    except ResourceInitFailed as failed:
        _abort_init_failed(context, failed)
    except ProviderError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except Exception:
        context.abort(grpc.StatusCode.INTERNAL, traceback.format_exc())


def _abort_init_failed(context: grpc.ServicerContext, failed: ResourceInitFailed) -> None:
    known: Values = failed.state
    detail = any_pb2.Any()
    detail.Pack(proto.ErrorResourceInitFailed(id=failed.id, properties=encode(known), reasons=[str(failed)]))
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=str(failed), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, str(failed))
