"""Answers of moto that are not as AWS gives them."""

from __future__ import annotations

from werkzeug.wrappers import Response

from local.cloud.http.calls import Call
from local.cloud.service.errors import AwsError


def corrected(response: Response, call: Call) -> Response:
    """The answer with AWS's status. Raises AwsError where moto's empty answer stands for an error.

    Sources: AWS Secrets Manager API Reference, "Errors": 400 for what the caller can mend; Amazon S3 API Reference,
    GetObjectRetention and GetObjectLegalHold.
    """
    if call.service == "secretsmanager" and response.status_code == 404:
        response.status_code = 400
    if call.operation in ("GetObjectRetention", "GetObjectLegalHold") and not response.get_data():
        message = "The specified object does not have a ObjectLock configuration"
        raise AwsError("NoSuchObjectLockConfiguration", message, 404)
    return response
