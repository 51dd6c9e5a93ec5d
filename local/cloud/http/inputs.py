"""The inputs of a request, by the names of botocore's model."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from local.cloud.http.calls import Call
from local.cloud.moto_backends.s3.conditions import time_of
from local.cloud.service import routers
from local.cloud.service.errors import AwsError

_DATES = (
    *("If-Modified-Since", "If-Unmodified-Since"),
    *("x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since"),
)
_NO_XML = "The XML you provided was not well-formed or did not validate against our published schema"


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
        path = routers.match(call.service, request)[1]
    except HTTPException:
        path = {}
    parser = PROTOCOL_PARSERS[protocol](model.operation_model(call.operation), map_type=dict)
    try:
        return parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": _readable(request) if call.service == "s3" else request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": path,
            }
        )
    except RequestParserError as error:
        if call.service == "s3":
            raise AwsError("MalformedXML", _NO_XML, 400) from error
        raise AwsError("SerializationException", "The request's body is no XML of this operation.", 400) from error
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:  # not of the model's type
        raise AwsError("SerializationException", f"The request cannot be read: {error}") from error


def check_body(call: Call, request: Request) -> None:
    """Raises AwsError when the body of a request to a JSON service is no JSON object; no body is an empty one."""
    try:
        protocol = determine_request_protocol(get_service_model(call.service), request.content_type)
    except (UnknownServiceError, NotImplementedError):
        return
    if protocol != "json" or not request.data:
        return
    try:
        is_object = isinstance(json.loads(request.data), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise AwsError("SerializationException", "The request's body is no JSON object.", 400)


def _readable(request: Request) -> Headers:
    """The headers without conditions on a time that is none: those hold for every object."""
    names = [name for name in _DATES if name in request.headers and time_of(request.headers[name]) is None]
    return Headers([(name, value) for name, value in request.headers if name.lower() not in map(str.lower, names)])
