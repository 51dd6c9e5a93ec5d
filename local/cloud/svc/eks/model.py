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
    """What the caller asked for, completed by defaults; Describe calls give it back."""
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
    """Who an IAM principal is in the cluster."""

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
    """Unique for all time, unlike the name."""
    arn: str
    inputs: dict[str, Any]
    """What the caller asked for, completed by defaults; Describe calls give it back."""
    address: str
    security_group: str
    created: datetime
    status: str = "CREATING"
    authority: str = ""
    """Its certificate, PEM in base64."""
    node_groups: dict[str, NodeGroup] = field(default_factory=dict)
    addons: dict[str, Addon] = field(default_factory=dict)
    access: dict[str, AccessEntry] = field(default_factory=dict)
    """By the principal's ARN."""
    updates: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class EksState:
    region: str
    clusters: dict[str, Cluster] = field(default_factory=dict)
