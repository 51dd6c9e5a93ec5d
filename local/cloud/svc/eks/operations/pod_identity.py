"""The EKS operations on Pod Identity associations: which IAM role the Pods of a ServiceAccount have."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime

from local.cloud.context import CloudContext
from local.cloud.moto_backends.roles import role_of
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.eks.model import Cluster, EksState, PodIdentityAssociation
from local.cloud.svc.eks.operations.lookup import cluster_of
from local.cloud.svc.eks.rules.pod_identity import ASSOCIATION_RULES, ROLE_RULES, AssociationFacts, RoleFacts
from local.cloud.svc.eks.rules.table import check

_REFUSED = {"targetRoleArn": "assuming a second role from the first", "policy": "session policies of Pods"}
_CHANGEABLE = ("roleArn", "disableSessionTags")
_SUMMARY = ("clusterName", "namespace", "serviceAccount", "ownerArn")
_HIDDEN = ("clientRequestToken",)
_ALPHABET = string.ascii_lowercase + string.digits


class PodIdentityOperations(Service[EksState]):
    def create_pod_identity_association(self, state: EksState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs["clusterName"])
        return {"association": _described(associate(self.context, state.region, cluster, inputs))}

    def describe_pod_identity_association(self, state: EksState, inputs: Inputs) -> Output:
        return {"association": _described(_association(state, inputs)[1])}

    def list_pod_identity_associations(self, state: EksState, inputs: Inputs) -> Output:
        asked = {key: inputs[key] for key in ("namespace", "serviceAccount") if key in inputs}
        chosen = [
            known
            for known in cluster_of(state, inputs["clusterName"]).associations.values()
            if all(known.inputs[key] == value for key, value in asked.items())
        ]
        return {"associations": [_summary(known) for known in chosen]}

    def update_pod_identity_association(self, state: EksState, inputs: Inputs) -> Output:
        known = _association(state, inputs)[1]
        _refuse(inputs)
        changes = {key: inputs[key] for key in _CHANGEABLE if key in inputs}
        if not changes:
            raise AwsError("InvalidParameterException", f"An update changes one of {', '.join(_CHANGEABLE)}.")
        if "roleArn" in changes:
            checked_role(changes["roleArn"])
        known.inputs |= changes
        known.modified = datetime.now(UTC)
        return {"association": _described(known)}

    def delete_pod_identity_association(self, state: EksState, inputs: Inputs) -> Output:
        cluster, known = _association(state, inputs)
        del cluster.associations[known.id]
        return {"association": _described(known)}


def associate(
    context: CloudContext, region: str, cluster: Cluster, inputs: Inputs, owner: str = ""
) -> PodIdentityAssociation:
    """Adds an association, of the add-on `owner` if given; raises AwsError when it is against the rules."""
    _refuse(inputs)
    known = cluster.association_of(inputs["namespace"], inputs["serviceAccount"])
    check(ASSOCIATION_RULES, AssociationFacts(inputs, known.id if known else "", len(cluster.associations)))
    checked_role(inputs["roleArn"])
    id = "a-" + "".join(secrets.choice(_ALPHABET) for _ in range(17))
    arn = context.arn("eks", region, f"podidentityassociation/{cluster.name}/{id}")
    now = datetime.now(UTC)
    kept = {"tags": {}, "disableSessionTags": False, **inputs, **({"ownerArn": owner} if owner else {})}
    cluster.associations[id] = PodIdentityAssociation(id, arn, kept, now, now)
    return cluster.associations[id]


def dissociate(cluster: Cluster, owner: str) -> None:
    """Removes the associations of an add-on."""
    for known in list(cluster.associations.values()):
        if known.inputs.get("ownerArn") == owner:
            del cluster.associations[known.id]


def checked_role(arn: str) -> None:
    """Raises AwsError unless Pods can have the role."""
    role = role_of(arn)
    check(ROLE_RULES, RoleFacts(arn, role.trust if role else None))


def _association(state: EksState, inputs: Inputs) -> tuple[Cluster, PodIdentityAssociation]:
    cluster, id = cluster_of(state, inputs["clusterName"]), inputs["associationId"]
    if id not in cluster.associations:
        raise AwsError("ResourceNotFoundException", f"No pod identity association found for ID: {id}")
    return cluster, cluster.associations[id]


def _refuse(inputs: Inputs) -> None:
    for key, what in _REFUSED.items():
        if inputs.get(key):
            raise unsupported(what)


def _summary(known: PodIdentityAssociation) -> Output:
    kept = {key: known.inputs[key] for key in _SUMMARY if key in known.inputs}
    return {**kept, "associationArn": known.arn, "associationId": known.id}


def _described(known: PodIdentityAssociation) -> Output:
    return {
        **{key: value for key, value in known.inputs.items() if key not in _HIDDEN},
        "associationArn": known.arn,
        "associationId": known.id,
        "createdAt": known.created,
        "modifiedAt": known.modified,
    }
