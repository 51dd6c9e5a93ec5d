"""Policies and their quotas, names, and what belongs to AWS. Source: IAM User Guide, "IAM and AWS STS quotas" and "IAM
JSON policy elements reference"; IAM API Reference, errors of each operation."""

from __future__ import annotations

from typing import Any

from moto.core.utils import get_service_model
from moto.iam.models import iam_backends

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.iam import is_managed_by_aws
from local.cloud.moto_backends.roles import principal_exists
from local.cloud.service.errors import AwsError
from local.cloud.strict.iam import documents, managed, names, quotas
from local.cloud.strict.request import Rule, Rules, ServiceRequest, in_turn, refuse

_KINDS = ("Role", "User", "Group")


def _names(request: ServiceRequest) -> None:
    refuse(names.refusal(request.operation, request.inputs))


def _of_aws(request: ServiceRequest) -> None:
    refuse(managed.refusal(request.operation, request.inputs.get("PolicyArn", ""), request.caller))


def _trust(request: ServiceRequest) -> None:
    document = request.inputs.get("AssumeRolePolicyDocument") or request.inputs.get("PolicyDocument", "")
    refuse(documents.refusal_of_trust(document, principal_exists))


def _document(request: ServiceRequest) -> None:
    refuse(documents.refusal_of_identity_policy(request.inputs.get("PolicyDocument", "")))


def _boundary(request: ServiceRequest) -> None:
    """A boundary is a managed policy that exists. One that is no ARN of a policy is moto's to refuse."""
    arn = request.inputs.get("PermissionsBoundary", "")
    if ":policy/" not in arn:
        return
    if arn not in iam_backends[ACCOUNT]["aws"].managed_policies and not is_managed_by_aws(arn):
        raise AwsError("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404)


def _attached(request: ServiceRequest) -> None:
    kind, owner = _owner(request)
    if owner is not None:
        refuse(quotas.refusal_of_attachment(kind, owner.managed_policies, request.inputs.get("PolicyArn", "")))


def _inline(request: ServiceRequest) -> None:
    kind, owner = _owner(request)
    if owner is not None:
        inputs = request.inputs
        policies = {**owner.policies, inputs.get("PolicyName", ""): inputs.get("PolicyDocument", "")}
        refuse(quotas.refusal_of_inline(kind, owner.name, policies))


def _unattached(request: ServiceRequest) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html

    moto's own count of attachments is not asked: attaching again adds to it.
    """
    iam = iam_backends[ACCOUNT]["aws"]
    policy = iam.managed_policies.get(request.inputs.get("PolicyArn", ""))
    if policy is None:
        return
    identities = (*iam.roles.values(), *iam.users.values(), *iam.groups.values())
    if any(policy.arn in identity.managed_policies for identity in identities):
        raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    if len(policy.versions) > 1:
        message = "This policy has more than one version. Before you delete a policy, you must delete the policy's "
        raise AwsError("DeleteConflict", f"{message}versions. The default version is deleted with the policy.", 409)


def _owner(request: ServiceRequest) -> tuple[str, Any]:
    """The kind of the identity that the request names, and what moto has of it: None when there is none."""
    iam = iam_backends[ACCOUNT]["aws"]
    for kind, known in (("role", iam.roles), ("user", iam.users), ("group", iam.groups)):
        if name := request.inputs.get(f"{kind.title()}Name"):
            return kind, next((each for each in known.values() if each.name == name), None)
    return "role", None


_OF_OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys((*managed.CHANGES, *managed.TAGS), _of_aws),
    **{f"Attach{kind}Policy": _attached for kind in _KINDS},
    **{f"Put{kind}Policy": in_turn(_document, _inline) for kind in _KINDS},
    **{f"Put{kind}PermissionsBoundary": _boundary for kind in ("Role", "User")},
    "CreateRole": in_turn(_trust, _boundary),
    "UpdateAssumeRolePolicy": _trust,
    "CreateUser": _boundary,
    "CreatePolicy": _document,
    "CreatePolicyVersion": in_turn(_of_aws, _document),
    "DeletePolicy": in_turn(_of_aws, _unattached),
}
_CREATE = [name for name in get_service_model("iam").operation_names if name.startswith("Create")]
RULES: Rules = {("iam", name): _names for name in _CREATE}
RULES |= {("iam", name): in_turn(_names, check) for name, check in _OF_OPERATIONS.items()}
