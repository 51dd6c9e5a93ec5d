"""State of a global datastore: replication groups of several regions, one of which takes writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from local.cloud.service.stored import Stored

PREFIXES = {"us-east-1": "ldgnf", "us-east-2": "fpkhr", "us-west-1": "virxk", "us-west-2": "sgaui"}
"""What the ids of the datastores that are made in a region begin with: user guide, Global datastores with the CLI."""


@dataclass(frozen=True)
class Upstream:
    """The server in another region that a secondary's primary node replicates."""

    address: str
    port: int


@dataclass
class GlobalMember(Stored):
    region: str
    group: str
    """Name of the replication group."""
    primary: bool
    status: str = "associating"
    """Or associated, disassociating."""


@dataclass
class GlobalGroup(Stored):
    region: str
    """Where it was made."""
    name: str
    """The id, with the region's prefix."""
    arn: str
    description: str
    created: datetime
    members: list[GlobalMember] = field(default_factory=list)
    status: str = "creating"
    """Or primary-only, available, modifying, deleting."""
    promoting: str = ""
    """Region of the secondary that is becoming the primary."""

    @property
    def primary(self) -> GlobalMember:
        return next(member for member in self.members if member.primary)

    @property
    def secondaries(self) -> list[GlobalMember]:
        return [member for member in self.members if not member.primary]

    def member(self, region: str, group: str) -> GlobalMember | None:
        found = (one for one in self.members if (one.region, one.group) == (region, group.lower()))
        return next(found, None)

    def settled_status(self) -> str:
        """What it is when nothing is asked of it but what its members are doing."""
        if self.promoting or any(member.status != "associated" for member in self.members):
            return "modifying"
        return "available" if self.secondaries else "primary-only"
