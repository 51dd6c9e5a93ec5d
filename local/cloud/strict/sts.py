"""Roles that can be assumed. Source: AWS STS API Reference, AssumeRole and GetSessionToken."""

from __future__ import annotations

import re

from moto.iam.models import iam_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest

_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/([\w+=,.@/-]+)")


def is_role_arn(arn: str) -> bool:
    return _ROLE.fullmatch(arn) is not None


def _assumed(request: ServiceRequest) -> None:
    arn = request.inputs.get("RoleArn", "")
    if not is_role_arn(arn):
        raise AwsError("ValidationError", f"{arn} is invalid")
    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    if all(role.arn != arn for role in roles):
        by_whom = f"User: {request.caller} is not authorized" if request.operation == "AssumeRole" else "Not authorized"
        raise AwsError("AccessDenied", f"{by_whom} to perform: sts:{request.operation} on resource: {arn}", 403)


def _for_users(request: ServiceRequest) -> None:
    if ":role/" in request.caller:
        raise AwsError("AccessDenied", f"Cannot call {request.operation} with session credentials", 403)


RULES: Rules = {
    **{("sts", f"AssumeRole{how}"): _assumed for how in ("", "WithWebIdentity", "WithSAML")},
    ("sts", "GetSessionToken"): _for_users,
    ("sts", "GetFederationToken"): _for_users,
}
