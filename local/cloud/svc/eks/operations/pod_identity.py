"""The EKS operations on Pod Identity associations: which IAM role the Pods of a ServiceAccount have."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
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
        made = new_association(self.context, state.region, cluster.associations, inputs)
        cluster.associations[made.id] = made
        return {"association": _described(made)}

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


def new_association(
    context: CloudContext, region: str, known: Mapping[str, PodIdentityAssociation], inputs: Inputs, owner: str = ""
) -> PodIdentityAssociation:
    """One that the cluster can have beside those that are known, of the add-on `owner` if given. Raises AwsError when
    it is against the rules."""
    _refuse(inputs)
    subject = inputs["namespace"], inputs["serviceAccount"]
    same = next((other.id for other in known.values() if other.subject == subject), "")
    check(ASSOCIATION_RULES, AssociationFacts(inputs, same, len(known)))
    checked_role(inputs["roleArn"])
    id = "a-" + "".join(secrets.choice(_ALPHABET) for _ in range(17))
    arn = context.arn("eks", region, f"podidentityassociation/{inputs['clusterName']}/{id}")
    now = datetime.now(UTC)
    kept = {"tags": {}, "disableSessionTags": False, **inputs, **({"ownerArn": owner} if owner else {})}
    return PodIdentityAssociation(id, arn, kept, now, now)


def of_others(cluster: Cluster, owner: str) -> dict[str, PodIdentityAssociation]:
    """The cluster's associations without those of an add-on."""
    return {id: known for id, known in cluster.associations.items() if known.inputs.get("ownerArn") != owner}


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
