"""The broker of an MSK cluster."""

from __future__ import annotations

from local.cloud.context import CloudContext
from local.cloud.svc.msk.model import Cluster, MskState, server_properties
from local.engines.kafka import Kafka


class ClusterBacking:
    """A cluster's process. A dead one is restarted; the cluster is HEALING meanwhile."""

    def __init__(self, context: CloudContext, state: MskState, cluster: Cluster) -> None:
        self.context, self.state, self.cluster = context, state, cluster
        self.key = cluster.arn
        folder = context.folder(cluster.region, "msk", cluster.identifier)
        self.engine = Kafka(folder, cluster.address, extra=_properties(state, cluster))

    @property
    def status(self) -> str:
        return self.cluster.state

    def running(self) -> bool:
        return self.engine.process.pid() is not None

    def reconcile(self) -> None:
        if self.cluster.state == "DELETING":
            self._delete()
            return
        if self.cluster.state == "ACTIVE":
            if self.running():
                return
            self._set_state("HEALING")
        if self.cluster.state == "REBOOTING_BROKER":
            self.engine.stop()
        self.engine.ensure()
        self._set_state("ACTIVE")

    def stop(self) -> None:
        self.engine.stop()

    def _delete(self) -> None:
        self.engine.delete()
        self.context.addresses(self.cluster.region).release(self.cluster.identifier)
        with self.context.mutation():
            self.state.clusters.pop(self.cluster.arn, None)

    def _set_state(self, state: str) -> None:
        with self.context.mutation():
            if self.cluster.state != "DELETING":
                self.cluster.state = state


def _properties(state: MskState, cluster: Cluster) -> dict[str, str]:
    info = cluster.inputs.get("ConfigurationInfo")
    if info is None:
        return {}
    return server_properties(state.configurations[info["Arn"]].revisions[info["Revision"] - 1].properties)
