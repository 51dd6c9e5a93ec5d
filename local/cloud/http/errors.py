"""Errors in the format of each service and protocol."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.request import Request, determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.wrappers import Response

from local.cloud.http.calls import Call
from local.cloud.service.errors import AwsError

_XML_ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"


def unsigned(call: Call) -> AwsError:
    """S3 knows anonymous requests, which it may only deny; elsewhere there are none."""
    if call.service == "s3":
        return AwsError("AccessDenied", "Access Denied", 403)
    return AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)


def response(error: AwsError, call: Call, request: Request) -> Response:
    """The error as the call's service writes it; by the request's own form for a service that botocore lacks."""
    try:
        model = get_service_model(call.service)
        protocol = determine_request_protocol(model, request.content_type)
        serializer = get_serializer_class(call.service, protocol)(operation_model=OperationModel({}, model))
        answer = serializer.serialize(error)
    except (UnknownServiceError, NotImplementedError, KeyError, ValueError):
        return _by_form(error, request)
    return Response(answer["body"], error.status or answer["status_code"], answer["headers"])


def _by_form(error: AwsError, request: Request) -> Response:
    kind = request.content_type or ""
    if "json" in kind or "X-Amz-Target" in request.headers:
        body = json.dumps({"__type": error.code, "message": error.message})
        return Response(body, error.status or 400, {"x-amzn-errortype": error.code}, content_type=kind)
    body = _XML_ERROR.format(escape(error.code), escape(error.message))
    return Response(body, error.status or 400, content_type="text/xml")
