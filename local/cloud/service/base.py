"""Base of our AWS services: operations are methods, the wire format comes from botocore's service model."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from botocore import xform_name
from botocore.utils import parse_timestamp
from botocore.validate import ParamValidator
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from local.cloud.context import CloudContext
from local.cloud.service import routers
from local.cloud.service.constraints import violations
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.paging import page

State = TypeVar("State")
Inputs = dict[str, Any]
Output = dict[str, Any]


class Backing(Protocol):
    """The engine behind one resource: its process or processes."""

    @property
    def key(self) -> str:
        """ARN of the resource."""
        ...

    @property
    def status(self) -> str:
        """Of the resource, as its Describe operation returns it."""
        ...

    def running(self) -> bool:
        """Whether the processes match the status: alive unless the resource is stopped."""
        ...

    def reconcile(self) -> None:
        """Makes the processes match the resource and updates the resource's status; may block for long."""
        ...

    def stop(self) -> None:
        """Stops the processes; keeps their data and the resource's status."""
        ...


class Effect(Enum):
    """What a request may have done to the state."""

    NONE = "a read"
    CHANGE = "a write that was carried out"
    REFUSAL = "a write that was refused: what it changed before that is to be taken back"


class Service(ABC, Generic[State]):
    """Operation `CreateThing` is the method `create_thing(state, inputs)`; without a method it is refused."""

    name: str
    """botocore's name and the signing name."""
    invalid: str
    """Code of the error for an invalid value of a parameter."""
    locks_itself: ClassVar[bool] = False
    """Whether its operations take the lock themselves, because they wait for an engine without it. What they change is
    a mutation, the last that they do: others may save it, and nothing undoes it."""

    def __init__(self, context: CloudContext) -> None:
        self.context = context

    @abstractmethod
    def new_state(self, region: str) -> State:
        """The initial state of a region."""

    @abstractmethod
    def backings(self) -> list[Backing]:
        """Of all resources that need an engine; called under the lock."""

    def state(self, region: str) -> State:
        """The region's resources; call under the lock."""
        key = (self.name, region)
        if key not in self.context.state:
            self.context.state[key] = self.new_state(region)
        return self.context.state[key]

    def states(self) -> list[State]:
        return [state for (name, _), state in list(self.context.state.items()) if name == self.name]

    def handle(self, request: Request, region: str) -> tuple[Response, Effect]:
        """The response, and what became of the state; call under the lock."""
        service = get_service_model(self.name)
        operation, protocol = OperationModel({}, service), str(service.protocol)
        try:
            operation, path = routers.match(self.name, request)
            protocol = determine_request_protocol(operation.service_model, request.content_type)
            inputs = self._parse(request, operation, protocol, path)
            method = self._method(operation)
            if not self.context.has_region(region):
                raise unsupported(f"{self.name} in {region}")
            for violation in violations(operation.input_shape, inputs) if operation.input_shape else ():
                raise AwsError(self.invalid, f"The parameter {violation}.")
            output = method(self.state(region), inputs)
            result: object = page(self.name, operation.name, inputs, output, self.invalid)
        except AwsError as error:
            return _serialize(error, operation, protocol), Effect.NONE if _reads(operation) else Effect.REFUSAL
        except HTTPException:
            error = unsupported(f"{self.name}: {request.method} {request.path}")
            return _serialize(error, operation, protocol), Effect.NONE
        return _serialize(result, operation, protocol), Effect.NONE if _reads(operation) else Effect.CHANGE

    def _method(self, operation: OperationModel) -> Callable[[State, Inputs], Output]:
        method = getattr(self, xform_name(operation.name), None)
        if method is None:
            raise unsupported(f"{self.name} {operation.name}")
        return method

    def _parse(self, request: Request, operation: OperationModel, protocol: str, path: dict[str, Any]) -> Inputs:
        parser = PROTOCOL_PARSERS[protocol](operation, timestamp_parser=moment, blob_parser=binary, map_type=dict)
        try:
            parsed = parser.parse(
                {
                    "method": request.method,
                    "values": request.values,
                    "headers": request.headers,
                    "body": request.data,
                    "url_path": request.path,
                    "url_params": path,
                }
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # a value of another type than the model's
            raise AwsError(self.invalid, f"The request cannot be read: {error}", 400) from error
        if operation.input_shape is not None:
            report = ParamValidator().validate(parsed, operation.input_shape)
            if report.has_errors():
                raise AwsError("ValidationError", report.generate_report())
        return parsed


def _reads(operation: OperationModel) -> bool:
    return operation.name.startswith(("Describe", "List", "Get"))


def moment(text: str) -> datetime:
    """A timestamp of a request; one without a zone is in UTC. Raises ValueError."""
    try:
        found = parse_timestamp(text)
    except RuntimeError as error:  # a number of seconds that is too large
        raise ValueError(f"{text} is no timestamp of any calendar") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def binary(text: str) -> bytes:
    """A blob of a request, whose base64 may be in lines. Raises ValueError for what is none: Python's decoder leaves
    other characters out unless it is told to validate."""
    return base64.b64decode("".join(text.split()), validate=True)


def _serialize(result: object, operation: OperationModel, protocol: str) -> Response:
    serializer = get_serializer_class(operation.service_model.service_name, protocol)(operation_model=operation)
    answer = serializer.serialize(result)
    status = result.status if isinstance(result, AwsError) else None
    return Response(answer["body"], status or answer["status_code"], answer["headers"])
