"""Copies what is due, bucket by bucket, when the replication role may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from moto.s3.models import FakeDeleteMarker

from local.cloud.authorization.decision import role_allows
from local.cloud.context import CloudContext
from local.cloud.moto_backends.s3 import replication as s3
from local.cloud.moto_backends.s3.replication_rules import Rule
from local.loss.copies import Copy
from local.loss.model import reaches

_AT_ONCE = 50
"""Versions that are copied under one lock, so that requests need not wait long."""
_TRUSTED = "s3.amazonaws.com"


class Replications:
    """The backings of all buckets with a replication configuration."""

    def __init__(self, context: CloudContext) -> None:
        self.context = context

    def backings(self) -> list[BucketReplication]:
        """Called under the lock."""
        return [BucketReplication(self.context, source.bucket.name) for source in s3.sources()]


@dataclass(frozen=True)
class BucketReplication:
    """Replication of the bucket `name`. It has no process of its own."""

    context: CloudContext
    name: str

    @property
    def key(self) -> str:
        return f"arn:aws:s3:::{self.name}"

    def reconcile(self) -> None:
        while self._copy_some():
            pass

    def copies(self) -> list[Copy]:
        """By the region that it copies to. What is not there yet is known without asking anybody."""
        with self.context.lock:
            bucket, now = s3.bucket(self.name), datetime.now(UTC)
            source = s3.source(bucket) if bucket is not None else None
            if bucket is None or source is None:
                return []
            waiting: dict[str, list[float]] = {rule.bucket: [] for rule in source.configuration.rules}
            for stored, rule in source.pending():
                age = now - stored.last_modified.replace(tzinfo=UTC)
                waiting.setdefault(rule.bucket, []).append(age.total_seconds())
            found = {to: s3.bucket(to) for to in waiting}
        return [
            Copy(
                self.key,
                *("S3", self.name, bucket.region_name, to.region_name),
                max(waiting[name], default=0.0),
                len(waiting[name]),
                *("versions", now.timestamp()),
            )
            for name, to in found.items()
            if to is not None and to.region_name != bucket.region_name
        ]

    def _copy_some(self) -> bool:
        """Copies a few versions; returns whether there may be more."""
        with self.context.lock:
            bucket = s3.bucket(self.name)
            source = s3.source(bucket) if bucket is not None else None
            arrived = [] if source is None else (each for each in source.pending() if self._arrived(*each))
            due = [each for each, _ in zip(arrived, range(_AT_ONCE), strict=False)]
            if source is None or not due:
                return False
            with self.context.mutation():
                for stored, rule in due:
                    self._copy(stored, rule, source.configuration.role)
            return len(due) == _AT_ONCE

    def _arrived(self, stored: s3.Stored, rule: Rule) -> bool:
        """Whether the version has had the time to get to the other region, which is not lost."""
        loss, to, source = self.context.loss, s3.bucket(rule.bucket), s3.bucket(self.name)
        if to is None or source is None or to.region_name == source.region_name:
            return True
        age = datetime.now(UTC) - stored.last_modified.replace(tzinfo=UTC)
        return reaches(loss, source.region_name, to.region_name) and age.total_seconds() >= loss.one_way

    def _copy(self, stored: s3.Stored, rule: Rule, role: str) -> None:
        """What the role may not do, or has no bucket to go to, has failed, as with S3: it is not tried again."""
        to = s3.bucket(rule.bucket)
        action = "s3:ReplicateDelete" if isinstance(stored, FakeDeleteMarker) else "s3:ReplicateObject"
        allowed = to is not None and all(
            role_allows(role, _TRUSTED, action, on)
            for action, on in (
                ("s3:GetReplicationConfiguration", self.key),
                ("s3:GetObjectVersionForReplication", f"{self.key}/{stored.name}"),
                (action, f"arn:aws:s3:::{rule.bucket}/{stored.name}"),
            )
        )
        if allowed and to is not None:
            s3.copy(stored, to, rule)
        s3.replicated(stored, completed=allowed)
