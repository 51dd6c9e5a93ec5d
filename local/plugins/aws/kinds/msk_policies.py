"""Policies of Kafka clusters: who may reach their brokers from elsewhere, as a replicator does."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind

_POLICY = {"ClusterArn": "{clusterArn}", "Policy": "{policy}"}

KINDS = (
    Kind(
        type="aws:msk/clusterPolicy:ClusterPolicy",
        service="kafka",
        create=Call("PutClusterPolicy", _POLICY),
        modify=Call("PutClusterPolicy", _POLICY),
        id="{clusterArn}",
        upsert=True,
        read=Call("GetClusterPolicy", {"ClusterArn": "{clusterArn}"}),
        found="@",
        delete=Call("DeleteClusterPolicy", {"ClusterArn": "{clusterArn}"}),
        observe={"clusterArn": "", "policy": "Policy"},
        documents=frozenset({"policy"}),
        inputs=Inputs(source="internal/service/kafka/cluster_policy.go", in_place="policy", replacing="clusterArn"),
    ),
)
