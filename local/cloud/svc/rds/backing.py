"""The PostgreSQL server of an RDS instance."""

from __future__ import annotations

from local.cloud.context import CloudContext
from local.cloud.svc.rds.model import Instance, RdsState
from local.engines.postgres import Login, Postgres, Tls


class InstanceBacking:
    """An instance's server. A dead one is restarted with its data, as RDS recovers an instance on a new host."""

    def __init__(self, context: CloudContext, state: RdsState, instance: Instance) -> None:
        self.context, self.state, self.instance = context, state, instance
        self.key = instance.arn
        self.engine = _engine(context, state, instance)

    @property
    def status(self) -> str:
        return self.instance.status

    def running(self) -> bool:
        return self.status == "stopped" or self.engine.process.pid() is not None

    def reconcile(self) -> None:
        status = self.instance.status
        if status == "deleting":
            self._delete()
        elif status == "stopping":
            self.engine.stop()
            self._set_status(status, "stopped")
        elif status == "available" and not self.running():
            self._set_status(status, "starting")  # no failure: waiters keep waiting
        elif status not in ("available", "stopped"):
            if status == "rebooting":
                self.engine.stop()
            self._run(status)

    def stop(self) -> None:
        self.engine.stop()

    def _run(self, status: str) -> None:
        inputs = self.instance.inputs
        self.engine.ensure(Login(inputs["MasterUsername"], self.instance.password), inputs.get("DBName"))
        self.engine.configure()
        self._set_status(status, "available")

    def _delete(self) -> None:
        self.engine.delete()
        self.context.addresses(self.instance.region).release(self.instance.resource_id)
        with self.context.mutation():
            self.state.instances.pop(self.instance.identifier, None)

    def _set_status(self, before: str, now: str) -> None:
        """Unless a request has changed it meanwhile; the next reconciliation handles that."""
        with self.context.mutation():
            if self.instance.status == before:
                self.instance.status = now


def _engine(context: CloudContext, state: RdsState, instance: Instance) -> Postgres:
    """Clients verify the certificate with the authority's as they do with AWS's bundle, by the endpoint's address."""
    folder = context.folder(instance.region, "rds", instance.resource_id)
    settings = state.settings(instance)
    pair = context.authority.pair(f"postgres-{instance.address}", instance.address, hosts=(instance.address,))
    tls = Tls(pair.certificate, pair.key, context.authority.certificate, required=settings["rds.force_ssl"] == "1")
    return Postgres(folder, instance.address, instance.port, settings, tls)
