"""The inputs of a request, by the names of botocore's model."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from local.cloud.http.calls import Call
from local.cloud.service.errors import AwsError


def inputs_of(call: Call, request: Request) -> dict[str, Any]:
    """Not validated; empty for an operation that botocore does not know. Raises AwsError when they cannot be read."""
    try:
        model = get_service_model(call.service)
        protocol = determine_request_protocol(model, request.content_type)
    except (UnknownServiceError, NotImplementedError):
        return {}
    if call.operation not in model.operation_names:
        return {}
    try:
        path = get_service_router(call.service).match(request)[1]
    except HTTPException:
        path = {}
    parser = PROTOCOL_PARSERS[protocol](model.operation_model(call.operation), map_type=dict)
    try:
        return parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": path,
            }
        )
    except (ValueError, KeyError) as error:
        raise AwsError("SerializationException", f"The request cannot be read: {error}") from error
