"""Lists that are truly empty, because this cloud has nothing of the kind."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.svc.msk.finding import cluster_of
from local.cloud.svc.msk.model import MskState


class EmptyOperations(Service[MskState]):
    """Private connections between VPCs."""

    def list_vpc_connections(self, state: MskState, inputs: Inputs) -> Output:
        return {"VpcConnections": []}

    def list_client_vpc_connections(self, state: MskState, inputs: Inputs) -> Output:
        cluster_of(state, inputs)
        return {"ClientVpcConnections": []}

    def list_channels(self, state: MskState, inputs: Inputs) -> Output:
        cluster_of(state, inputs)
        return {"Channels": []}
