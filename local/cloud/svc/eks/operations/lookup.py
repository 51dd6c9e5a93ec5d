"""Resources by their names; AwsError when there is none."""

from __future__ import annotations

from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.model import Addon, Cluster, EksState, NodeGroup


def cluster_of(state: EksState, name: str) -> Cluster:
    if name not in state.clusters:
        raise AwsError("ResourceNotFoundException", f"No cluster found for name: {name}.")
    return state.clusters[name]


def active(cluster: Cluster) -> Cluster:
    """The cluster, if it is ACTIVE."""
    if cluster.status != "ACTIVE":
        raise AwsError("InvalidRequestException", f"Cluster '{cluster.name}' is not in ACTIVE status")
    return cluster


def group_of(cluster: Cluster, name: str) -> NodeGroup:
    if name not in cluster.node_groups:
        raise AwsError("ResourceNotFoundException", f"No node group found for name: {name}.")
    return cluster.node_groups[name]


def addon_of(cluster: Cluster, name: str) -> Addon:
    if name not in cluster.addons:
        raise AwsError("ResourceNotFoundException", f"No addon: {name} found in cluster: {cluster.name}")
    return cluster.addons[name]
