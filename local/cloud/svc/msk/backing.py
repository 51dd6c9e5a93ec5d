"""The brokers of an MSK cluster."""

from __future__ import annotations

from local.cloud.context import CloudContext
from local.cloud.moto_backends.secrets import secret
from local.cloud.svc.msk.model import Cluster, MskState, server_properties
from local.cloud.svc.msk.security import listeners, scram_enabled
from local.cloud.svc.msk.users import change
from local.engines.kafka import Kafka


class ClusterBacking:
    """A cluster's processes. Dead ones are restarted; the cluster is HEALING meanwhile."""

    def __init__(self, context: CloudContext, state: MskState, cluster: Cluster) -> None:
        self.context, self.state, self.cluster = context, state, cluster
        self.key = cluster.arn
        self.engine = Kafka(
            context.folder(cluster.region, "msk", cluster.identifier),
            *cluster.addresses,
            extra=_properties(state, cluster),
            listeners=listeners(cluster.inputs),
            authority=context.authority,
        )

    @property
    def status(self) -> str:
        return self.cluster.state

    def running(self) -> bool:
        return self.engine.running()

    def reconcile(self) -> None:
        if self.cluster.state == "DELETING":
            self._delete()
            return
        if self.cluster.state == "ACTIVE":
            if self.engine.current():
                self._follow_secrets()
                return
            self._set_state("HEALING")
        if self.cluster.state == "REBOOTING_BROKER":
            self.engine.stop()
        self.engine.ensure()
        self._set_state("ACTIVE")

    def stop(self) -> None:
        self.engine.stop()

    def _follow_secrets(self) -> None:
        """Makes the brokers accept the users of the associated secrets, with their present passwords."""
        if not scram_enabled(self.cluster.inputs):
            return
        with self.context.lock:
            known = self.cluster.scram_users
            found = change([(arn, secret(self.cluster.region, arn)) for arn in self.cluster.scram_secrets], known)
        if found.after == known:
            return
        self.engine.administration().alter_users(found.passwords, found.removed)
        with self.context.mutation():
            self.cluster.scram_users = found.after

    def _delete(self) -> None:
        self.engine.delete()
        addresses = self.context.addresses(self.cluster.region)
        for number in range(1, len(self.cluster.addresses) + 1):
            addresses.release(address_name(self.cluster.identifier, number))
        with self.context.mutation():
            self.state.clusters.pop(self.cluster.arn, None)

    def _set_state(self, state: str) -> None:
        with self.context.mutation():
            if self.cluster.state != "DELETING":
                self.cluster.state = state


def address_name(identifier: str, broker: int) -> str:
    """Name of a broker in the registry of addresses."""
    return identifier if broker == 1 else f"{identifier}/{broker}"


def _properties(state: MskState, cluster: Cluster) -> dict[str, str]:
    info = cluster.inputs.get("ConfigurationInfo")
    if info is None:
        return {}
    return server_properties(state.configurations[info["Arn"]].revisions[info["Revision"] - 1].properties)
