"""OpenSearch: the engine of a domain's node."""

from local.engines.opensearch.node import OpenSearch
from local.engines.opensearch.security import Login, Security

__all__ = ["Login", "OpenSearch", "Security"]
