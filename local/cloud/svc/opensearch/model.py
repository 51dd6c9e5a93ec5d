"""State of OpenSearch Service in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud.service.stored import Stored


@dataclass
class Domain(Stored):
    region: str
    name: str
    arn: str
    identifier: str
    """Never reused, unlike the name."""
    options: dict[str, Any]
    """Parameters by their names in CreateDomain, without those of the master user."""
    user: str
    """The master user's name; as the password, it is never returned."""
    password: str = field(repr=False)
    address: str
    created: datetime
    tags: dict[str, str]
    state: str = "Creating"
    """As DomainProcessingStatus."""
    updated: dict[str, datetime] = field(default_factory=dict)
    """When an option was last changed, for those that were."""
    version: int = 1
    """Counts the configurations."""
    applied: int = 0
    """The last configuration that the node has."""


@dataclass
class OpenSearchState(Stored):
    region: str
    domains: dict[str, Domain] = field(default_factory=dict)
    """By name."""
