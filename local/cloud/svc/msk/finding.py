"""The cluster of a request."""

from __future__ import annotations

import re

from local.cloud.service.base import Inputs
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.model import Cluster, MskState

CLUSTER_ARN = re.compile(r"arn:aws[\w-]*:kafka:[\w-]+:\d{12}:cluster/[^/]+/[\w-]+")


def cluster_of(state: MskState, inputs: Inputs, active: bool = False) -> Cluster:
    """The cluster with the request's ClusterArn; raises AwsError when there is none, or it is not ACTIVE and has to."""
    arn = inputs["ClusterArn"]
    if not CLUSTER_ARN.fullmatch(arn):
        raise AwsError("BadRequestException", f"{arn} is not the ARN of a cluster.")
    cluster = state.clusters.get(arn)
    if cluster is None:
        raise AwsError("NotFoundException", f"The cluster {arn} does not exist.")
    if active and cluster.state != "ACTIVE":
        raise AwsError("BadRequestException", f"The cluster is {cluster.state}; it must be ACTIVE for this.")
    return cluster


def current(state: MskState, inputs: Inputs) -> Cluster:
    """The active cluster of an update; raises AwsError unless its version is the request's CurrentVersion."""
    cluster = cluster_of(state, inputs, active=True)
    check_version(cluster, inputs["CurrentVersion"])
    return cluster


def check_version(cluster: Cluster, version: str) -> None:
    """Raises AwsError unless it is the cluster's current version."""
    if version != cluster.version:
        raise AwsError("BadRequestException", f"The current version of the cluster is {cluster.version}.")
