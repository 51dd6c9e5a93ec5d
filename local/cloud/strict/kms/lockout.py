"""A key policy lets who writes it change it again, unless the caller says otherwise.

Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html (Policy) and AWS KMS Developer Guide,
"Default key policy". Conditions are not looked at: a statement that has one allows, and does not deny.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from fnmatch import fnmatchcase
from typing import Any

from local.cloud.service.errors import AwsError
from local.cloud.strict.policies import listed

_ACTION = "kms:putkeypolicy"


def names(caller: str, session: str, account: str) -> Set[str]:
    """ARNs by which a policy may name who asks: a role's session has its own too, without the role's path.

    Source: IAM User Guide, "AWS JSON policy elements: Principal", "Role session principals".
    """
    role = caller.rpartition("/")[2]
    return {caller, f"arn:aws:sts::{account}:assumed-role/{role}/{session}"} if session else {caller}


def refusal(policy: str, callers: Set[str], account: str) -> AwsError | None:
    """Why a user or role, or the account's root, cannot give a key this policy; `callers` are their ARNs."""
    try:
        statements = json.loads(policy)["Statement"]
    except (ValueError, KeyError, TypeError):
        return AwsError("MalformedPolicyDocumentException", "The key policy is no JSON object with statements.", 400)
    concerned = [s for s in listed(statements) if isinstance(s, Mapping) and _is_of_action(s)]
    allowed = any(s.get("Effect") == "Allow" and _names(s, callers, account) for s in concerned)
    denied = any(s.get("Effect") == "Deny" and "Condition" not in s and _is_of(s, callers) for s in concerned)
    if allowed and not denied:
        return None
    message = "The new key policy will not allow you to update the key policy in the future."
    return AwsError("MalformedPolicyDocumentException", message, 400)


def _is_of_action(statement: Mapping[str, Any]) -> bool:
    if "NotAction" in statement:
        return not any(fnmatchcase(_ACTION, str(one).lower()) for one in listed(statement["NotAction"]))
    return any(fnmatchcase(_ACTION, str(one).lower()) for one in listed(statement.get("Action", [])))


def _names(statement: Mapping[str, Any], callers: Set[str], account: str) -> bool:
    """Whether the statement is about the caller, or leaves it to IAM policies of the account who it is about."""
    return _is_of(statement, callers) or bool({account, f"arn:aws:iam::{account}:root"} & _principals(statement))


def _is_of(statement: Mapping[str, Any], callers: Set[str]) -> bool:
    return bool({"*", *callers} & _principals(statement))


def _principals(statement: Mapping[str, Any]) -> set[str]:
    """Users, roles and accounts; those that NotPrincipal leaves over are taken for everybody, unless it denies."""
    if "NotPrincipal" in statement:
        return {"*"} if statement.get("Effect") == "Allow" else set()
    principal = statement.get("Principal", {})
    return set(map(str, listed(principal.get("AWS", []) if isinstance(principal, Mapping) else principal)))
