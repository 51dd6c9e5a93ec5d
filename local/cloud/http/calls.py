"""What a request asks for: the service and operation, and who signed it. Read from the request alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from local.cloud.service import routers

_SCOPE = re.compile(r"Credential=([^/,]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_FORM_VALUE = re.compile(rb"(?:^|&)(Action|Version)=([\w-]+)")
_OPERATION_PATH = re.compile(r"/service/\w+/operation/(\w+)$")
"""Of the protocol smithy-rpc-v2-cbor."""

_SERVICES = {
    "email": "ses",
    "es": "opensearch",
    "eventbridge": "events",
    "monitoring": "cloudwatch",
    "s3express": "s3",
    "elasticloadbalancing": "elb",
    "servicequotas": "service-quotas",
    "sso": "sso-admin",
    "tagging": "resourcegroupstaggingapi",
}
"""Signing name -> botocore's name, where they differ."""

_UNSIGNED_TARGETS = {
    "AWSCognitoIdentityService": "cognito-identity",
    "AWSCognitoIdentityProviderService": "cognito-idp",
}
_UNSIGNED_VERSIONS = {"2011-06-15": "sts"}
"""Services of which some operations need no signature."""
_UNSIGNED_PATHS = (
    *(
        "route53",
        "cloudfront",
        "kafka",
        "eks",
        "opensearch",
        "account",
        "apigateway",
        "apigatewayv2",
        "appconfig",
        "backup",
        "ebs",
    ),
    *("pipes", "ram", "resource-groups", "s3control", "s3tables", "scheduler", "sesv2", "vpc-lattice", "xray"),
)
"""REST services that are here, without S3."""


@dataclass(frozen=True)
class Call:
    """Empty strings where the request does not say."""

    service: str
    """botocore's name."""
    operation: str
    region: str
    access_key: str
    signed_as: str
    """Signing name. Empty when there is no signature."""
    form: Mapping[str, str] = field(default_factory=dict)
    """Fields of an upload to S3 by form, whose policy is signed."""


def read(request: Request) -> Call:
    if (form := _upload(request)) is not None:
        version_2 = f"{form.get('awsaccesskeyid', '')}//us-east-1"
        access_key, _, region, *_ = [*form.get("x-amz-credential", version_2).split("/"), "", "", ""]
        return Call("s3", "PostObject", region, access_key, "s3" if form else "", form)
    access_key, region, signed_as = _scope(request)
    action, version = _form(request)
    target, _, operation = request.headers.get("X-Amz-Target", "").rpartition(".")
    if signed_as:
        service = _service(signed_as, request.path, target, version)
    else:
        service = _UNSIGNED_TARGETS.get(target) or _UNSIGNED_VERSIONS.get(version) or _of_path(request)
    path = _OPERATION_PATH.search(request.path)
    operation = operation or action or (path[1] if path else "") or routed(service, request)
    return Call(service, operation, region, access_key, signed_as)


def routed(service: str, request: Request) -> str:
    """The operation of a REST service by method and path."""
    try:
        return routers.match(service, request)[0].name if service else ""
    except (HTTPException, UnknownServiceError, NotImplementedError):
        return ""


def token(call: Call, request: Request) -> str:
    """The token of the session that signed the request; empty when there is none."""
    name = "X-Amz-Security-Token"
    sent = call.form.get(name.lower()) or request.headers.get(name) or request.args.get(name)
    return sent or request.args.get(name.lower(), "")


def is_presigned(request: Request) -> bool:
    """Whether the URL names who signed it."""
    return "X-Amz-Credential" in request.args or {"AWSAccessKeyId", "Signature"} <= request.args.keys()


def needs_signature(call: Call) -> bool:
    """False for operations that AWS takes unsigned, such as AssumeRoleWithWebIdentity."""
    if not call.service:
        return True
    model = get_service_model(call.service)
    return call.operation not in model.operation_names or model.operation_model(call.operation).auth_type != "none"


def _service(signed_as: str, path: str, target: str, version: str) -> str:
    match signed_as:
        case "s3" if path.startswith("/v20180820/"):
            return "s3control"
        case "ses" if path.startswith("/v2/"):
            return "sesv2"
        case "apigateway" if path.startswith("/v2/"):
            return "apigatewayv2"
        case "dynamodb" if target.startswith("DynamoDBStreams"):
            return "dynamodbstreams"
        case "elasticloadbalancing" if version == "2015-12-01":
            return "elbv2"
    return _SERVICES.get(signed_as, signed_as)


def _of_path(request: Request) -> str:
    """The REST service that an unsigned request is for. Buckets have no signs, so S3 is what is left."""
    if "X-Amz-Target" in request.headers or _form(request)[0]:
        return ""
    return next((service for service in _UNSIGNED_PATHS if routed(service, request)), "s3")


def _upload(request: Request) -> dict[str, str] | None:
    """Fields of an upload to S3 by form, in lower case; None for another request."""
    if request.method != "POST" or request.mimetype != "multipart/form-data":
        return None
    return {name.lower(): value for name, value in request.form.items()} if "policy" in request.form else None


def _scope(request: Request) -> tuple[str, str, str]:
    """Access key, region and signing name of a Signature Version 4, or of a presigned URL of version 2."""
    presigned = request.args.get("X-Amz-Credential")
    signed = f"Credential={presigned}" if presigned else request.headers.get("Authorization", "")
    match = _SCOPE.search(signed)
    if match:
        return match[1], match[2], match[3]
    if {"AWSAccessKeyId", "Signature"} <= request.args.keys():
        return request.args["AWSAccessKeyId"], "us-east-1", "s3"
    return "", "", ""


def _form(request: Request) -> tuple[str, str]:
    """Action and Version of the query protocol."""
    values = {name: value.encode() for name, value in request.args.items() if name in ("Action", "Version")}
    if request.content_type and request.content_type.startswith("application/x-www-form-urlencoded"):
        values.update({name.decode(): value for name, value in _FORM_VALUE.findall(request.get_data())})
    return values.get("Action", b"").decode(errors="replace"), values.get("Version", b"").decode(errors="replace")
