"""Versions of the engine, as lists."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.svc.opensearch import catalog
from local.cloud.svc.opensearch.finding import domain_of
from local.cloud.svc.opensearch.model import OpenSearchState


class VersionOperations(Service[OpenSearchState]):
    def list_versions(self, state: OpenSearchState, inputs: Inputs) -> Output:
        return {"Versions": list(catalog.VERSIONS)}

    def get_compatible_versions(self, state: OpenSearchState, inputs: Inputs) -> Output:
        """Of one domain, or of every version."""
        name = inputs.get("DomainName")
        sources = [domain_of(state, name).options["EngineVersion"]] if name else catalog.VERSIONS
        return {
            "CompatibleVersions": [
                {"SourceVersion": source, "TargetVersions": catalog.targets(source)} for source in sources
            ]
        }
