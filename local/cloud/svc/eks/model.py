"""State of EKS in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class NodeGroup:
    cluster: str
    name: str
    arn: str
    inputs: dict[str, Any]
    """The request's parameters with defaults, which Describe operations return."""
    created: datetime
    modified: datetime
    status: str = "CREATING"


@dataclass
class Addon:
    name: str
    arn: str
    inputs: dict[str, Any]
    created: datetime
    modified: datetime
    status: str = "CREATING"


@dataclass
class AccessEntry:
    """The Kubernetes identity of an IAM principal."""

    arn: str
    inputs: dict[str, Any]
    created: datetime
    modified: datetime
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Policy ARN -> its association."""


@dataclass
class Cluster:
    region: str
    name: str
    identifier: str
    """Never reused, unlike the name."""
    arn: str
    inputs: dict[str, Any]
    """The request's parameters with defaults, which Describe operations return."""
    address: str
    security_group: str
    created: datetime
    status: str = "CREATING"
    authority: str = ""
    """The certificate of its CA, PEM in base64."""
    node_groups: dict[str, NodeGroup] = field(default_factory=dict)
    addons: dict[str, Addon] = field(default_factory=dict)
    access: dict[str, AccessEntry] = field(default_factory=dict)
    """By the principal's ARN."""
    updates: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class EksState:
    region: str
    clusters: dict[str, Cluster] = field(default_factory=dict)
