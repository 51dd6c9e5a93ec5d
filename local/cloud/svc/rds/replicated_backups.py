"""Automated backups apart from their instance: copied to another region, or retained after it was deleted.

What they have, from when to when they restore, when they end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from local.cloud.service.stored import Stored


@dataclass
class ReplicatedBackups(Stored):
    region: str
    """Of the copies."""
    identifier: str
    """Names the folder."""
    arn: str
    source: str
    """ARN of the instance; it may be gone."""
    source_region: str
    instance: str
    """Its identifier."""
    instance_resource_id: str
    instance_created: datetime
    inputs: dict[str, Any]
    """Of the instance when it was deleted, or when its replication was started, with the key and the retention of the
    copies."""
    password: str
    """Of the master user."""
    tags: dict[str, str]
    status: str = "pending"
    """pending, replicating, retained (stopped, or the instance is gone), deleting."""
    bases: dict[str, datetime] = field(default_factory=dict)
    """Copied base backups by the resource id of their snapshot, and when each was complete."""
    reached: datetime | None = None
    """The copied WAL has every transaction that was committed until then."""
    ended: datetime | None = None
    """When they were retained."""

    @property
    def days(self) -> int:
        return int(self.inputs["BackupRetentionPeriod"])

    @property
    def copying(self) -> bool:
        return self.status in ("pending", "replicating")

    def window(self) -> tuple[datetime, datetime] | None:
        """The moments that can be restored; None until the copied WAL goes beyond a base backup."""
        earliest = min(self.bases.values(), default=None)
        return (earliest, self.reached) if earliest and self.reached and earliest <= self.reached else None

    def base(self, at: datetime) -> str:
        """The newest base backup that was complete at a moment of the window."""
        return max((done, name) for name, done in self.bases.items() if done <= at)[1]

    def over(self, now: datetime) -> bool:
        """Whether nothing of what is retained is within its retention any more."""
        return self.status == "retained" and self.ended is not None and self.ended + timedelta(days=self.days) <= now
