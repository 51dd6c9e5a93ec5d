"""Whether a request of a role's session is authorized, by the policies of the role as moto has them.

Users and the root of the account are not restricted: people and `aura` use those keys. Policies of resources and
permission boundaries are recorded and not judged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.iam.models import Role, iam_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sts.models import AssumedRole, sts_backends

from local.cloud.authorization.actions import ALWAYS, action_of
from local.cloud.authorization.policy import allows
from local.cloud.authorization.resources import resources_of
from local.cloud.authorization.trust import trusts
from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.keys import kms_key
from local.cloud.service.errors import AwsError


def session_of(access_key: str) -> AssumedRole | None:
    """The role's session that a key belongs to; None for keys that are not restricted. Call under the lock."""
    return sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)


def authorize(session: AssumedRole, service: str, operation: str, region: str, inputs: Mapping[str, Any]) -> None:
    """Raises AwsError when the session may not do this. Call under the lock."""
    action = action_of(service, operation)
    if action in ALWAYS:
        return
    resources = resources_of(service, operation, region, {**inputs, **_by_arn(service, region, inputs)})
    context = {
        "aws:RequestedRegion": region,
        "aws:PrincipalArn": session.role_arn,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:SecureTransport": "true",  # as it would be on AWS, where no endpoint of these services is without TLS
    }
    if all(allows(documents, action, resources, context) for documents in _policies(session)):
        return
    on = resources[0] if resources else "*"
    message = f"User: {session.arn} is not authorized to perform: {action} on resource: {on}"
    because = "because no identity-based policy allows the action, or one denies it"
    raise AwsError(denial(service), f"{message} {because}", 403 if service in _XML else None)


def role_allows(role_arn: str, service: str, action: str, resource: str) -> bool:
    """Whether an AWS service, which the role trusts, may do this with the role. Call under the lock."""
    role = _role(role_arn)
    if role is None or not trusts(role.assume_role_policy_document, service):
        return False
    return allows(_documents(role), action, [resource], {"aws:PrincipalArn": role_arn})


def _by_arn(service: str, region: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """The secret or the key that the request names in another way than by its ARN, if it exists."""
    if service == "secretsmanager" and (id := inputs.get("SecretId")):
        secret = secretsmanager_backends[ACCOUNT][region].secrets.get(id)
        return {"SecretId": secret.arn} if secret is not None else {}
    if service == "kms" and (id := inputs.get("KeyId")):
        arn = kms_key(region, id).arn
        return {"KeyId": arn} if arn else {}
    return {}


def denial(service: str) -> str:
    """The code of the error. JSON services have it as an exception; EC2 has its own. Source: Common Errors of each."""
    if service == "ec2":
        return "UnauthorizedOperation"
    return "AccessDenied" if service in _XML else "AccessDeniedException"


_XML = frozenset(
    {
        *("autoscaling", "cloudformation", "cloudfront", "cloudwatch", "ec2", "elasticache", "elb", "elbv2", "iam"),
        *("rds", "route53", "s3", "s3control", "ses", "sns", "sts"),
    }
)
"""Services that answer in XML."""


def _policies(session: AssumedRole) -> list[list[dict[str, Any]]]:
    """Sets of documents that must each allow: those of the role, and the session's own if it has one."""
    role = _role(session.role_arn)
    if role is None:
        return [[]]
    documents = _documents(role)
    return [documents, [_document(session.policy)]] if session.policy else [documents]


def _role(arn: str) -> Role | None:
    return next((role for role in iam_backends[ACCOUNT]["aws"].roles.values() if role.arn == arn), None)


def _documents(role: Role) -> list[dict[str, Any]]:
    managed = [v.document for policy in role.managed_policies.values() for v in policy.versions if v.is_default]
    return [_document(text) for text in (*role.policies.values(), *managed)]


def _document(text: str | dict[str, Any]) -> dict[str, Any]:
    return json.loads(text) if isinstance(text, str) else text
