"""The brokers of an MSK cluster."""

from __future__ import annotations

from datetime import UTC, datetime

from local.cloud.context import CloudContext
from local.cloud.moto_backends.secrets import secret
from local.cloud.service.base import Inputs
from local.cloud.svc.msk.model import Cluster, MskState, Operation, server_properties
from local.cloud.svc.msk.nodes import zones
from local.cloud.svc.msk.operations import complete, start
from local.cloud.svc.msk.properties import broker_settings
from local.cloud.svc.msk.security import listeners, scram_enabled
from local.cloud.svc.msk.users import change
from local.engines.kafka import Kafka
from local.engines.kafka.settings import ABROAD_PORT


class ClusterBacking:
    """A cluster's processes. Dead ones are restarted; the cluster is HEALING meanwhile."""

    def __init__(self, context: CloudContext, state: MskState, cluster: Cluster) -> None:
        self.context, self.state, self.cluster = context, state, cluster
        self.key = cluster.arn
        self.engine = self._engine(cluster.inputs, cluster.addresses)

    @property
    def status(self) -> str:
        return self.cluster.state

    def running(self) -> bool:
        return self.engine.running()

    def reconcile(self) -> None:
        operation = self.cluster.operation
        if self.cluster.state == "DELETING":
            self._delete()
        elif operation is not None:
            self._carry_out(operation)
        elif self.cluster.state == "ACTIVE" and self.engine.current():
            self._follow_secrets()
        else:
            if self.cluster.state == "ACTIVE":
                self._set_state("HEALING")
            self.engine.ensure()
            self._set_state("ACTIVE")

    def stop(self) -> None:
        self.engine.stop()

    def _carry_out(self, operation: Operation) -> None:
        """An operation that was interrupted goes on where it was: no broker is restarted twice."""
        with self.context.mutation():
            start(operation)
        inputs = {**self.cluster.inputs, **operation.change}
        engine = self._engine(inputs, (*self.cluster.addresses, *operation.new_addresses))
        engine.ensure()
        while operation.restarts and engine.wanted():
            number, *others = operation.restarts
            engine.stop_one(number)
            with self.context.mutation():
                operation.restarts = tuple(others)
            engine.start()
        engine.settle()
        with self.context.mutation():
            if self.cluster.state != "DELETING":
                complete(self.cluster, operation, datetime.now(UTC))
                self.cluster.state = "ACTIVE"

    def _engine(self, inputs: Inputs, addresses: tuple[str, ...]) -> Kafka:
        cluster, link = self.cluster, self.context.link(self.cluster.region)
        return Kafka(
            self.context.folder(cluster.region, "msk", cluster.identifier),
            *addresses,
            light=True,
            extra=_properties(self.state, inputs),
            listeners=listeners(inputs),
            authority=self.context.authority,
            racks=cluster.racks,
            zones=zones(cluster),
            abroad=[link.route(address, ABROAD_PORT) for address in addresses],
            wanted=lambda: cluster.state != "DELETING",
        )

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
        operation = self.cluster.operation
        added = operation.new_addresses if operation else ()
        self._engine(self.cluster.inputs, (*self.cluster.addresses, *added)).delete()
        addresses = self.context.addresses(self.cluster.region)
        for address in (*self.cluster.addresses, *added):
            self.context.link(self.cluster.region).forget(address)
        for number in range(1, len(self.cluster.addresses) + len(added) + 1):
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


def _properties(state: MskState, inputs: Inputs) -> dict[str, str]:
    info = inputs.get("ConfigurationInfo")
    if info is None:
        return {}
    text = state.configurations[info["Arn"]].revisions[info["Revision"] - 1].properties
    return broker_settings(server_properties(text))
