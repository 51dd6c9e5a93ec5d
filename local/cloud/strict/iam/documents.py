"""Trust policies name principals, and policies of identities none.

Source: IAM User Guide, "IAM JSON policy elements: Principal"; https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError
from local.cloud.strict.policies import listed

_PRINCIPAL_ELEMENTS = ("Principal", "NotPrincipal")
_OF_ACCOUNT = re.compile(f"arn:aws:iam::{ACCOUNT}:(?:user|role)/.+")


def refusal_of_trust(document: str, exists: Callable[[str], bool]) -> AwsError | None:
    """Why a trust policy is refused; `exists` says whether a user or role of this account has an ARN.

    Principals of other accounts are not looked up, nor are identity providers and sessions.
    """
    statements = _statements(document)
    if statements is None:
        return _malformed("This policy contains invalid Json")
    for statement in statements:
        if not any(statement.get(element) for element in _PRINCIPAL_ELEMENTS):
            return _malformed("Missing required field Principal")
        principal = statement.get("Principal")
        if not isinstance(principal, Mapping):
            continue
        for name in listed(principal.get("AWS", [])):
            if _OF_ACCOUNT.fullmatch(str(name)) and not exists(str(name)):
                return _malformed(f'Invalid principal in policy: "AWS":"{name}"')
    return None


def refusal_of_identity_policy(document: str) -> AwsError | None:
    """Why a policy of a user, group or role is refused; moto knows the other reasons, that it is no JSON too."""
    for statement in _statements(document) or ():
        if any(element in statement for element in _PRINCIPAL_ELEMENTS):
            return _malformed("Policy document should not specify a principal.")
    return None


def _statements(document: str) -> list[Mapping[str, Any]] | None:
    """None for a document that is no JSON object."""
    try:
        policy = json.loads(document)
    except ValueError:
        return None
    if not isinstance(policy, dict):
        return None
    return [statement for statement in listed(policy.get("Statement", [])) if isinstance(statement, Mapping)]


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocument", message, 400)
