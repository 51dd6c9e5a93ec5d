"""The MSK operations: each group of them is a class in a file of its own."""

from __future__ import annotations

from local.cloud.context import CloudContext
from local.cloud.service.base import Backing
from local.cloud.svc.msk.backing import ClusterBacking
from local.cloud.svc.msk.catalog import VersionOperations
from local.cloud.svc.msk.clusters import ClusterOperations
from local.cloud.svc.msk.configuration import ConfigurationOperations
from local.cloud.svc.msk.model import MskState
from local.cloud.svc.msk.nodes import NodeOperations
from local.cloud.svc.msk.nothing import EmptyOperations
from local.cloud.svc.msk.operations import HistoryOperations
from local.cloud.svc.msk.policies import PolicyOperations
from local.cloud.svc.msk.replicator_backing import ReplicatorBacking
from local.cloud.svc.msk.replicators import ReplicatorOperations
from local.cloud.svc.msk.scram import ScramOperations
from local.cloud.svc.msk.tags import TagOperations
from local.cloud.svc.msk.updates import UpdateOperations


class Msk(
    ClusterOperations,
    UpdateOperations,
    HistoryOperations,
    NodeOperations,
    ConfigurationOperations,
    ScramOperations,
    VersionOperations,
    TagOperations,
    PolicyOperations,
    ReplicatorOperations,
    EmptyOperations,
):
    name = "kafka"
    invalid = "BadRequestException"

    def __init__(self, context: CloudContext) -> None:
        super().__init__(context)
        self._published: dict[str, float] = {}

    def new_state(self, region: str) -> MskState:
        return MskState(region)

    def backings(self) -> list[Backing]:
        return [
            *(ClusterBacking(self.context, state, c) for state in self.states() for c in list(state.clusters.values())),
            *(
                ReplicatorBacking(self.context, self.state, replicator, self._published)
                for state in self.states()
                for replicator in list(state.replicators.values())
            ),
        ]
