"""Pod Identity associations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.authorization.trust import POD_ACTIONS, PODS, trusts
from local.cloud.svc.eks.rules.syntax import bad_tags, is_namespace, is_service_account
from local.cloud.svc.eks.rules.table import Rule

_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+")
_ASSOCIATIONS = 5000
_PAGE = "API_CreatePodIdentityAssociation"


@dataclass(frozen=True)
class AssociationFacts:
    inputs: Mapping[str, Any]
    same: str
    """Id of the association that the ServiceAccount has already, or empty."""
    others: int
    """Associations of the cluster."""


def _namespace(facts: AssociationFacts) -> str | None:
    name = facts.inputs["namespace"]
    return None if is_namespace(name) else f"{name!r} is no name of a Kubernetes namespace."


def _service_account(facts: AssociationFacts) -> str | None:
    name = facts.inputs["serviceAccount"]
    return None if is_service_account(name) else f"{name!r} is no name of a Kubernetes service account."


def _duplicate(facts: AssociationFacts) -> str | None:
    return f"Association already exists: {facts.same}" if facts.same else None


def _limit(facts: AssociationFacts) -> str | None:
    full = facts.others >= _ASSOCIATIONS
    return f"A cluster has at most {_ASSOCIATIONS} pod identity associations." if full else None


ASSOCIATION_RULES: tuple[Rule[AssociationFacts], ...] = (
    Rule(_namespace, f"{_PAGE}, namespace"),
    Rule(_service_account, f"{_PAGE}, serviceAccount"),
    Rule(lambda facts: bad_tags(facts.inputs.get("tags", {})), f"{_PAGE}, tags"),
    Rule(_duplicate, f"{_PAGE}, errors", "ResourceInUseException"),
    Rule(_limit, "UG, Learn how EKS Pod Identity grants Pods access", "ResourceLimitExceededException"),
)


@dataclass(frozen=True)
class RoleFacts:
    arn: str
    trust: str | Mapping[str, Any] | None
    """The trust policy; None if IAM has no such role."""


def _arn(facts: RoleFacts) -> str | None:
    return None if _ROLE.fullmatch(facts.arn) else f"{facts.arn} is no ARN of an IAM role."


def _existence(facts: RoleFacts) -> str | None:
    return "Role provided in the request does not exist." if facts.trust is None else None


def _trust(facts: RoleFacts) -> str | None:
    if facts.trust is not None and trusts(facts.trust, PODS, POD_ACTIONS):
        return None
    return f"Trust policy of the role provided is invalid. It must let {PODS} do {' and '.join(POD_ACTIONS)}."


ROLE_RULES: tuple[Rule[RoleFacts], ...] = (
    Rule(_arn, f"{_PAGE}, roleArn"),
    Rule(_existence, f"{_PAGE}, roleArn"),
    Rule(_trust, "UG, Create IAM role with trust policy required by EKS Pod Identity"),
)
