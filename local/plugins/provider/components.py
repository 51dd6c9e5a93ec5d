"""Components that a plugin provides: registered with the engine as any program registers its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc

from local.plugins.provider.base import Child, ProviderError
from local.plugins.provider.values import encode

_MESSAGE_BYTES = 400 * 1024 * 1024
"""As Pulumi's SDKs: a resource may be large."""
_IN_FLIGHT = 4


def construct(request: Any, package: str, children: Sequence[Child]) -> Any:
    """Registers the component of a ConstructRequest with its children; returns once all of them exist."""
    options = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    with grpc.insecure_channel(request.monitorEndpoint, options) as channel:
        monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
        component = _register(
            monitor,
            resource_pb2.RegisterResourceRequest(
                type=request.type,
                name=request.name,
                parent=request.parent,
                providers=request.providers,
                dependencies=request.dependencies,
                acceptSecrets=True,
                acceptResources=True,
            ),
        )

        def register(child: Child) -> Any:
            return _register(
                monitor,
                resource_pb2.RegisterResourceRequest(
                    type=child.type,
                    name=child.name,
                    parent=component.urn,
                    custom=True,
                    object=encode(child.inputs),
                    provider=request.providers.get(package, ""),
                    dependencies=request.dependencies,
                    supportsPartialValues=True,
                    acceptSecrets=True,
                    acceptResources=True,
                ),
            )

        with ThreadPoolExecutor(_IN_FLIGHT) as threads:
            list(threads.map(register, children))
        monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=component.urn))
    return proto.ConstructResponse(urn=component.urn)


def _register(monitor: Any, request: Any) -> Any:
    """Raises ProviderError when the engine could not create the resource."""
    try:
        return monitor.RegisterResource(request)
    except grpc.RpcError as error:
        raise ProviderError(f"{request.name}: {error.details()}") from error  # pyright: ignore[reportAttributeAccessIssue]
