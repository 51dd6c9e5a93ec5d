"""The EKS operations on access entries and their policies."""

from __future__ import annotations

from datetime import UTC, datetime

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.roles import principal_exists
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.eks.authentication.access_entries import associate_policy, create_entry
from local.cloud.svc.eks.authentication.policies import ARN, POLICIES
from local.cloud.svc.eks.model import AccessEntry, Cluster, EksState
from local.cloud.svc.eks.operations.lookup import cluster_of
from local.cloud.svc.eks.rules.access import (
    ENTRY_RULES,
    NODE_TYPES,
    SCOPE_RULES,
    STANDARD,
    EntryFacts,
    ScopeFacts,
)
from local.cloud.svc.eks.rules.table import check

_CHANGEABLE = ("kubernetesGroups", "username")
_KNOWN_ELSEWHERE = ("AmazonEKS", "AmazonAIOps", "AmazonARC", "AmazonSageMaker", "AWS")
"""How names of AWS's other policies begin, which are those of its own components."""


class AccessOperations(Service[EksState]):
    def create_access_entry(self, state: EksState, inputs: Inputs) -> Output:
        cluster = _with_entries(cluster_of(state, inputs["clusterName"]))
        principal = inputs["principalArn"]
        foreign = principal.split(":")[4:5] != [ACCOUNT] and inputs.get("type", STANDARD) == STANDARD
        check(ENTRY_RULES, EntryFacts(inputs, ACCOUNT, foreign or principal_exists(principal)))
        if inputs.get("type", STANDARD) in NODE_TYPES:
            raise unsupported("nodes that join by an access entry: only managed node groups have nodes here")
        if principal in cluster.access:
            message = "The specified access entry resource is already in use on this cluster."
            raise AwsError("ResourceInUseException", message)
        return {"accessEntry": _described(create_entry(cluster, inputs))}

    def describe_access_entry(self, state: EksState, inputs: Inputs) -> Output:
        return {"accessEntry": _described(_entry(state, inputs))}

    def list_access_entries(self, state: EksState, inputs: Inputs) -> Output:
        entries = _with_entries(cluster_of(state, inputs["clusterName"])).access
        policy = inputs.get("associatedPolicyArn")
        return {"accessEntries": [arn for arn, entry in entries.items() if policy is None or policy in entry.policies]}

    def update_access_entry(self, state: EksState, inputs: Inputs) -> Output:
        entry = _entry(state, inputs)
        changes = {key: inputs[key] for key in _CHANGEABLE if key in inputs}
        facts = EntryFacts({**changes, "principalArn": inputs["principalArn"]}, ACCOUNT, exists=True)
        check(ENTRY_RULES, facts) if changes else None
        entry.inputs |= changes
        entry.modified = datetime.now(UTC)
        return {"accessEntry": _described(entry)}

    def delete_access_entry(self, state: EksState, inputs: Inputs) -> Output:
        _entry(state, inputs)
        del cluster_of(state, inputs["clusterName"]).access[inputs["principalArn"]]
        return {}

    def associate_access_policy(self, state: EksState, inputs: Inputs) -> Output:
        entry, policy = _entry(state, inputs), inputs["policyArn"]
        check(SCOPE_RULES, ScopeFacts(inputs["accessScope"], entry.inputs["type"]))
        if policy not in POLICIES:
            if policy.startswith(ARN) and policy.removeprefix(ARN).startswith(_KNOWN_ELSEWHERE):
                raise unsupported(f"the access policy {policy.removeprefix(ARN)}")
            raise AwsError("InvalidParameterException", f"The specified policyArn is invalid: {policy}")
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

    def list_access_policies(self, state: EksState, inputs: Inputs) -> Output:
        return {"accessPolicies": [{"name": arn.removeprefix(ARN), "arn": arn} for arn in POLICIES]}


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
    kept = {key: value for key, value in entry.inputs.items() if key != "clientRequestToken"}
    return {**kept, "accessEntryArn": entry.arn, "createdAt": entry.created, "modifiedAt": entry.modified}
