"""OpenSearch: the engine of a domain's node."""

from local.engines.opensearch.node import OpenSearch

__all__ = ["OpenSearch"]
