"""The node of a domain. One process stands for all of its nodes."""

from __future__ import annotations

from local.cloud.context import CloudContext
from local.cloud.svc.opensearch.describe import PORT
from local.cloud.svc.opensearch.model import Domain, OpenSearchState
from local.engines.opensearch import Login, OpenSearch, Security


class DomainBacking:
    """A dead node is restarted with its data; the domain stays Active, as AWS's does when it replaces a node."""

    def __init__(self, context: CloudContext, state: OpenSearchState, domain: Domain) -> None:
        self.context, self.state, self.domain = context, state, domain
        self.key = domain.arn
        self.version = domain.version  # before what it is the version of: a change comes between any two reads
        folder = context.folder(domain.region, "opensearch", domain.identifier)
        security = Security(context.authority, Login(domain.user, domain.password))
        self.engine = OpenSearch(folder, domain.address, PORT, security)

    @property
    def status(self) -> str:
        return self.domain.state

    def running(self) -> bool:
        return self.engine.process.pid() is not None

    def reconcile(self) -> None:
        domain = self.domain
        if domain.state == "Deleting":
            self._delete()
        elif domain.state != "Active" or domain.applied != domain.version or not self.running():
            self.engine.admit()
            self.engine.ensure()
            with self.context.mutation():
                if domain.state != "Deleting" and domain.version == self.version:
                    domain.state, domain.applied = "Active", self.version

    def stop(self) -> None:
        self.engine.stop()

    def _delete(self) -> None:
        self.engine.delete()
        self.context.addresses(self.domain.region).release(self.domain.identifier)
        with self.context.mutation():
            self.state.domains.pop(self.domain.name, None)
