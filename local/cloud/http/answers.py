"""Answers of moto that are not as AWS gives them."""

from __future__ import annotations

import re

from moto.core.utils import get_service_model
from werkzeug.wrappers import Response

from local.cloud.http.calls import Call
from local.cloud.service.errors import AwsError


def corrected(response: Response, call: Call) -> Response:
    """The answer with AWS's status. Raises AwsError where moto's empty answer stands for an error.

    Sources: AWS Secrets Manager API Reference, "Errors": 400 for what the caller can mend; Amazon S3 API Reference,
    GetObjectRetention and GetObjectLegalHold.
    """
    if response.status_code >= 400 and not call.operation.startswith("Head") and not _has_code(response, call):
        text = re.sub(r"<[^>]*>", " ", response.get_data(as_text=True)).strip()
        code = "ResourceNotFoundException" if response.status_code == 404 else "InvalidArgument"
        raise AwsError(code, text or f"{call.operation} is refused", response.status_code)
    if call.service == "secretsmanager" and response.status_code == 404:
        response.status_code = 400
    if call.operation in ("GetObjectRetention", "GetObjectLegalHold") and not response.get_data():
        message = "The specified object does not have a ObjectLock configuration"
        raise AwsError("NoSuchObjectLockConfiguration", message, 404)
    return response


def _has_code(response: Response, call: Call) -> bool:
    """Whether a client finds the code of the error. moto answers some errors of XML services in JSON."""
    body = response.get_data()
    if get_service_model(call.service).metadata["protocol"] in ("ec2", "query", "rest-xml"):
        return b"<Code>" in body
    return "x-amzn-errortype" in response.headers or any(mark in body for mark in (b"__type", b'"code"', b'"Code"'))
