"""The EKS operations on Pod Identity associations: which IAM role the Pods of a ServiceAccount have."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime

from local.cloud.moto_backends.roles import role_of
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.eks.model import Cluster, EksState, PodIdentityAssociation
from local.cloud.svc.eks.operations.clusters import cluster_of
from local.cloud.svc.eks.pod_identity.trust import ACTIONS, SERVICE, is_trusted

_REFUSED = {"targetRoleArn": "assuming a second role from the first", "policy": "session policies of Pods"}
_CHANGEABLE = ("roleArn", "disableSessionTags")
_SUMMARY = ("clusterName", "namespace", "serviceAccount")
_ALPHABET = string.ascii_lowercase + string.digits


class PodIdentityOperations(Service[EksState]):
    def create_pod_identity_association(self, state: EksState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs["clusterName"])
        _check(inputs)
        known = cluster.association_of(inputs["namespace"], inputs["serviceAccount"])
        if known is not None:
            raise AwsError("ResourceInUseException", f"Association already exists: {known.id}")
        id = "a-" + "".join(secrets.choice(_ALPHABET) for _ in range(17))
        arn = self.context.arn("eks", state.region, f"podidentityassociation/{cluster.name}/{id}")
        now = datetime.now(UTC)
        kept = {"tags": {}, "disableSessionTags": False, **inputs}
        cluster.associations[id] = PodIdentityAssociation(id, arn, kept, now, now)
        return {"association": _described(cluster.associations[id])}

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
        _check(inputs)
        changes = {key: inputs[key] for key in _CHANGEABLE if key in inputs}
        if not changes:
            raise AwsError("InvalidParameterException", f"An update changes one of {', '.join(_CHANGEABLE)}.")
        known.inputs |= changes
        known.modified = datetime.now(UTC)
        return {"association": _described(known)}

    def delete_pod_identity_association(self, state: EksState, inputs: Inputs) -> Output:
        cluster, known = _association(state, inputs)
        del cluster.associations[known.id]
        return {"association": _described(known)}


def _association(state: EksState, inputs: Inputs) -> tuple[Cluster, PodIdentityAssociation]:
    cluster, id = cluster_of(state, inputs["clusterName"]), inputs["associationId"]
    if id not in cluster.associations:
        raise AwsError("ResourceNotFoundException", f"No pod identity association found for ID: {id}")
    return cluster, cluster.associations[id]


def _check(inputs: Inputs) -> None:
    for key, what in _REFUSED.items():
        if inputs.get(key):
            raise unsupported(what)
    if "roleArn" not in inputs:
        return
    role = role_of(inputs["roleArn"])
    if role is None:
        raise AwsError("InvalidParameterException", "Role provided in the request does not exist.")
    if not is_trusted(role.trust):
        message = f"Trust policy of the role provided is invalid: it must let {SERVICE} do {' and '.join(ACTIONS)}."
        raise AwsError("InvalidParameterException", message)


def _summary(known: PodIdentityAssociation) -> Output:
    kept = {key: known.inputs[key] for key in _SUMMARY}
    return {**kept, "associationArn": known.arn, "associationId": known.id}


def _described(known: PodIdentityAssociation) -> Output:
    kept = {key: value for key, value in known.inputs.items() if key != "clientRequestToken"}
    return {
        **kept,
        "associationArn": known.arn,
        "associationId": known.id,
        "createdAt": known.created,
        "modifiedAt": known.modified,
    }
