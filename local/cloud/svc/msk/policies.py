"""Policies of clusters: they are kept and returned; nobody reaches the brokers from elsewhere but replicators."""

from __future__ import annotations

import json

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.finding import cluster_of
from local.cloud.svc.msk.model import Cluster, MskState


class PolicyOperations(Service[MskState]):
    def put_cluster_policy(self, state: MskState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs)
        version = inputs.get("CurrentVersion")
        if version is not None and version != _version(cluster):
            raise AwsError("BadRequestException", f"The current version of the policy is {_version(cluster)}.")
        try:
            statements = json.loads(inputs["Policy"])["Statement"]
        except (ValueError, TypeError, KeyError) as error:
            raise AwsError("BadRequestException", "The policy is no JSON document with statements.") from error
        if not statements:
            raise AwsError("BadRequestException", "The policy has no statement.")
        cluster.policy, cluster.policy_version = inputs["Policy"], cluster.policy_version + 1
        return {"CurrentVersion": _version(cluster)}

    def get_cluster_policy(self, state: MskState, inputs: Inputs) -> Output:
        cluster = _with_policy(state, inputs)
        return {"CurrentVersion": _version(cluster), "Policy": cluster.policy}

    def delete_cluster_policy(self, state: MskState, inputs: Inputs) -> Output:
        _with_policy(state, inputs).policy = ""
        return {}


def _with_policy(state: MskState, inputs: Inputs) -> Cluster:
    cluster = cluster_of(state, inputs)
    if not cluster.policy:
        raise AwsError("NotFoundException", f"The cluster {cluster.arn} has no policy.")
    return cluster


def _version(cluster: Cluster) -> str:
    return f"K{cluster.policy_version}"
