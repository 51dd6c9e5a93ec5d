"""The EKS operations on access entries."""

from __future__ import annotations

from datetime import UTC, datetime

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.authentication.access_entries import POLICY_GROUPS, associate_policy, create_entry
from local.cloud.svc.eks.model import AccessEntry, Cluster, EksState
from local.cloud.svc.eks.operations.clusters import cluster_of


class AccessOperations(Service[EksState]):
    def create_access_entry(self, state: EksState, inputs: Inputs) -> Output:
        cluster = _with_entries(cluster_of(state, inputs["clusterName"]))
        if inputs["principalArn"] in cluster.access:
            message = "The specified access entry resource is already in use on this cluster."
            raise AwsError("ResourceInUseException", message)
        return {"accessEntry": _described(create_entry(cluster, inputs))}

    def describe_access_entry(self, state: EksState, inputs: Inputs) -> Output:
        return {"accessEntry": _described(_entry(state, inputs))}

    def list_access_entries(self, state: EksState, inputs: Inputs) -> Output:
        return {"accessEntries": list(_with_entries(cluster_of(state, inputs["clusterName"])).access)}

    def update_access_entry(self, state: EksState, inputs: Inputs) -> Output:
        entry = _entry(state, inputs)
        entry.inputs |= {key: inputs[key] for key in ("kubernetesGroups", "username") if key in inputs}
        entry.modified = datetime.now(UTC)
        return {"accessEntry": _described(entry)}

    def delete_access_entry(self, state: EksState, inputs: Inputs) -> Output:
        _entry(state, inputs)
        del cluster_of(state, inputs["clusterName"]).access[inputs["principalArn"]]
        return {}

    def associate_access_policy(self, state: EksState, inputs: Inputs) -> Output:
        entry, policy = _entry(state, inputs), inputs["policyArn"]
        if policy not in POLICY_GROUPS or inputs["accessScope"].get("type") != "cluster":
            message = f"Only AmazonEKSClusterAdminPolicy with cluster scope is carried out here, not {policy}."
            raise AwsError("InvalidParameterException", message)
        return {
            **_identifiers(inputs),
            "associatedAccessPolicy": associate_policy(entry, policy, inputs["accessScope"]),
        }

    def disassociate_access_policy(self, state: EksState, inputs: Inputs) -> Output:
        if _entry(state, inputs).policies.pop(inputs["policyArn"], None) is None:
            raise AwsError("ResourceNotFoundException", f"{inputs['policyArn']} is not associated.")
        return {}

    def list_associated_access_policies(self, state: EksState, inputs: Inputs) -> Output:
        return {**_identifiers(inputs), "associatedAccessPolicies": list(_entry(state, inputs).policies.values())}


def _with_entries(cluster: Cluster) -> Cluster:
    if cluster.inputs["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        message = "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP]."
        raise AwsError("InvalidRequestException", message)
    return cluster


def _entry(state: EksState, inputs: Inputs) -> AccessEntry:
    cluster = _with_entries(cluster_of(state, inputs["clusterName"]))
    if inputs["principalArn"] not in cluster.access:
        message = f"The specified principalArn could not be found: {inputs['principalArn']}"
        raise AwsError("ResourceNotFoundException", message)
    return cluster.access[inputs["principalArn"]]


def _identifiers(inputs: Inputs) -> Output:
    return {"clusterName": inputs["clusterName"], "principalArn": inputs["principalArn"]}


def _described(entry: AccessEntry) -> Output:
    return {**entry.inputs, "accessEntryArn": entry.arn, "createdAt": entry.created, "modifiedAt": entry.modified}
