"""What a request has to say, and the characters of names.

Source: IAM API Reference, parameters of each operation, and IAM User Guide, "IAM and AWS STS quotas".
"""

from __future__ import annotations

import re
from typing import Any

from moto.core.utils import get_service_model

from local.cloud.service.errors import AwsError

_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_LONGEST = {"RoleName": 64, "UserName": 64, "GroupName": 128, "PolicyName": 128, "InstanceProfileName": 128}


def refusal(operation: str, inputs: dict[str, Any]) -> AwsError | None:
    """Why the names of a request are refused; None when they are fine. Lists are not looked at: an empty one is left
    out of a request's form."""
    shape = get_service_model("iam").operation_model(operation).input_shape
    for member in shape.required_members if shape else ():  # pyright: ignore[reportAttributeAccessIssue]
        text = shape.members[member].type_name == "string"  # pyright: ignore[reportAttributeAccessIssue]
        if text and inputs.get(member) is None:
            return _invalid("Value null", member, "Member must not be null")
    for member, longest in _LONGEST.items():
        name = inputs.get(member)
        if name is None:
            continue
        if not name:
            return _invalid("Value ''", member, "Member must have length greater than or equal to 1")
        if len(name) > longest:
            return _invalid(f"Value '{name}'", member, f"Member must have length less than or equal to {longest}")
        if not _NAME.fullmatch(name):
            message = f"The specified value for {_lower(member)} is invalid. It must contain only alphanumeric "
            return AwsError("ValidationError", f"{message}characters and/or the following: +=,.@_-", 400)
    return None


def _invalid(value: str, member: str, constraint: str) -> AwsError:
    message = f"1 validation error detected: {value} at '{_lower(member)}' failed to satisfy constraint: {constraint}"
    return AwsError("ValidationError", message, 400)


def _lower(member: str) -> str:
    return member[0].lower() + member[1:]
