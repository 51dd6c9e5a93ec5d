"""Copies what is due, bucket by bucket, when the replication role may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from moto.s3.models import FakeDeleteMarker

from local.cloud.authorization.decision import role_allows
from local.cloud.context import CloudContext
from local.cloud.moto_backends.s3 import replication as s3
from local.cloud.moto_backends.s3.replication_rules import Rule

_AT_ONCE = 50
"""Versions that are copied under one lock, so that requests need not wait long."""
_TRUSTED = "s3.amazonaws.com"


class Replications:
    """The backings of all buckets with a replication configuration. `version` is another one once S3 has changed."""

    def __init__(self, context: CloudContext, version: Callable[[], object]) -> None:
        self.context, self.version = context, version
        self._copied: dict[str, object] = {}

    def backings(self) -> list[BucketReplication]:
        """Called under the lock."""
        return [
            BucketReplication(self.context, source.bucket.name, self.version, self._copied) for source in s3.sources()
        ]


@dataclass(frozen=True)
class BucketReplication:
    """Replication of the bucket `name`. It has no process of its own."""

    context: CloudContext
    name: str
    version: Callable[[], object]
    copied: dict[str, object]
    """The version of S3 in which nothing was due, by bucket."""

    @property
    def key(self) -> str:
        return f"arn:aws:s3:::{self.name}"

    def reconcile(self) -> None:
        with self.context.lock:
            version = self.version()
            if self.copied.get(self.name) == version:
                return
        while self._copy_some():
            pass
        self.copied[self.name] = version

    def _copy_some(self) -> bool:
        """Copies a few versions; returns whether there may be more."""
        with self.context.lock:
            bucket = s3.bucket(self.name)
            source = s3.source(bucket) if bucket is not None else None
            due = [] if source is None else [each for each, _ in zip(source.pending(), range(_AT_ONCE), strict=False)]
            if source is None or not due:
                return False
            with self.context.mutation():
                for stored, rule in due:
                    self._copy(stored, rule, source.configuration.role)
            return len(due) == _AT_ONCE

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
