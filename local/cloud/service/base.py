"""An AWS service of ours: its operations are methods, its wire format comes from botocore's description of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from botocore import xform_name
from botocore.validate import ParamValidator
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from local.cloud.context import CloudContext
from local.cloud.service.errors import AwsError, unsupported

State = TypeVar("State")
Inputs = dict[str, Any]
Output = dict[str, Any]


class Backing(Protocol):
    """The process, or processes, behind one resource."""

    @property
    def key(self) -> str:
        """ARN of the resource."""
        ...

    @property
    def status(self) -> str:
        """Of the resource, as its Describe call gives it."""
        ...

    def running(self) -> bool:
        """Whether its processes are as the status says: alive unless it is stopped."""
        ...

    def reconcile(self) -> None:
        """Makes the process what the resource says and tells the resource what became of it; may take long."""
        ...

    def stop(self) -> None:
        """Ends the process, keeping its data and what the resource says."""
        ...


class Service(ABC, Generic[State]):
    """Operation `CreateThing` is the method `create_thing(state, inputs)`; one that has no method is refused."""

    name: str
    """As botocore calls it and as clients sign for it."""

    def __init__(self, context: CloudContext) -> None:
        self.context = context

    @abstractmethod
    def new_state(self, region: str) -> State:
        """What a region starts with."""

    @abstractmethod
    def backings(self) -> list[Backing]:
        """Of all resources that are in need of a process; called under the lock."""

    def state(self, region: str) -> State:
        """The region's resources; call under the lock."""
        key = (self.name, region)
        if key not in self.context.state:
            self.context.state[key] = self.new_state(region)
        return self.context.state[key]

    def states(self) -> list[State]:
        return [state for (name, _), state in list(self.context.state.items()) if name == self.name]

    def handle(self, request: Request, region: str) -> tuple[Response, bool]:
        """Calls the operation under the lock; also tells whether it may have changed the state."""
        service = get_service_model(self.name)
        operation, protocol = OperationModel({}, service), str(service.protocol)
        try:
            operation, path = get_service_router(self.name).match(request)
            protocol = determine_request_protocol(operation.service_model, request.content_type)
            inputs = _parse(request, operation, protocol, path)
            method = self._method(operation)
            if not self.context.has_region(region):
                raise unsupported(f"{self.name} in {region}")
            result: object = method(self.state(region), inputs)
        except AwsError as error:
            return _serialize(error, operation, protocol), False
        except HTTPException:
            refusal = unsupported(f"{self.name}: {request.method} {request.path}")
            return _serialize(refusal, operation, protocol), False
        return _serialize(result, operation, protocol), not operation.name.startswith(("Describe", "List", "Get"))

    def _method(self, operation: OperationModel) -> Callable[[State, Inputs], Output]:
        method = getattr(self, xform_name(operation.name), None)
        if method is None:
            raise unsupported(f"{self.name} {operation.name}")
        return method


def _parse(request: Request, operation: OperationModel, protocol: str, path: dict[str, Any]) -> Inputs:
    parsed = PROTOCOL_PARSERS[protocol](operation, map_type=dict).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": path,
        }
    )
    if operation.input_shape is not None:
        report = ParamValidator().validate(parsed, operation.input_shape)
        if report.has_errors():
            raise AwsError("ValidationError", report.generate_report())
    return parsed


def _serialize(result: object, operation: OperationModel, protocol: str) -> Response:
    serializer = get_serializer_class(operation.service_model.service_name, protocol)(operation_model=operation)
    answer = serializer.serialize(result)
    status = result.status if isinstance(result, AwsError) else None
    return Response(answer["body"], status or answer["status_code"], answer["headers"])
