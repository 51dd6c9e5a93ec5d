"""The operations of OpenSearch Service: each group of them is a class in a file of its own."""

from __future__ import annotations

from local.cloud.service.base import Backing
from local.cloud.svc.opensearch.absent import AbsentOperations
from local.cloud.svc.opensearch.backing import DomainBacking
from local.cloud.svc.opensearch.domains import DomainOperations
from local.cloud.svc.opensearch.model import OpenSearchState
from local.cloud.svc.opensearch.tags import TagOperations
from local.cloud.svc.opensearch.versions import VersionOperations


class OpenSearchService(DomainOperations, TagOperations, VersionOperations, AbsentOperations):
    name = "opensearch"
    invalid = "ValidationException"

    def new_state(self, region: str) -> OpenSearchState:
        return OpenSearchState(region)

    def backings(self) -> list[Backing]:
        return [
            DomainBacking(self.context, state, domain)
            for state in self.states()
            for domain in list(state.domains.values())
        ]
