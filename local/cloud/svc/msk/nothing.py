"""Lists that are truly empty, because this cloud has nothing of the kind."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.finding import cluster_of
from local.cloud.svc.msk.model import MskState


class EmptyOperations(Service[MskState]):
    """Cluster policies, private connections between VPCs."""

    def get_cluster_policy(self, state: MskState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs)
        raise AwsError("NotFoundException", f"The cluster {cluster.arn} has no policy.")

    def delete_cluster_policy(self, state: MskState, inputs: Inputs) -> Output:
        return self.get_cluster_policy(state, inputs)

    def list_vpc_connections(self, state: MskState, inputs: Inputs) -> Output:
        return {"VpcConnections": []}

    def list_client_vpc_connections(self, state: MskState, inputs: Inputs) -> Output:
        cluster_of(state, inputs)
        return {"ClientVpcConnections": []}

    def list_channels(self, state: MskState, inputs: Inputs) -> Output:
        cluster_of(state, inputs)
        return {"Channels": []}
