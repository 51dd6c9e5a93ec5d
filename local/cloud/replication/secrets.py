"""Gives the replicas of secrets what their primaries have, once it can have got to their region."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from local.cloud.context import CloudContext
from local.cloud.moto_backends import secret_replicas
from local.loss.copies import Copy
from local.loss.model import reaches


@dataclass(frozen=True)
class SecretReplications:
    """The only backing."""

    context: CloudContext
    _changed: dict[str, float] = field(default_factory=dict)
    """When a replica was first seen to lack something, by ARN, on the monotonic clock."""

    @property
    def key(self) -> str:
        return "arn:aws:secretsmanager:::replicas"

    def backings(self) -> list[SecretReplications]:
        """Called under the lock."""
        return [self] if next(secret_replicas.replicas(), None) else []

    def copies(self) -> list[Copy]:
        """One for each pair of regions."""
        with self.context.lock:
            found: dict[tuple[str, str], list[float]] = {}
            for replica in secret_replicas.replicas():
                since = found.setdefault((replica.source.region, replica.region), [])
                if secret_replicas.behind(replica):
                    since.append(self._changed.get(replica.arn, time.monotonic()))
        now = time.monotonic()
        return [
            Copy(
                *(self.key, "Secrets Manager", "secrets", *places, now - min(since, default=now)),
                *(len(since), "secrets", time.time()),
            )
            for places, since in found.items()
        ]

    def reconcile(self) -> None:
        with self.context.lock:
            loss, now = self.context.loss, time.monotonic()
            behind = [replica for replica in secret_replicas.replicas() if secret_replicas.behind(replica)]
            for gone in self._changed.keys() - {replica.arn for replica in behind}:
                del self._changed[gone]
            for replica in behind:
                since = self._changed.setdefault(replica.arn, now)
                if reaches(loss, replica.source.region, replica.region) and now - since >= loss.one_way:
                    with self.context.mutation():
                        secret_replicas.synchronise(replica)
                elif replica.status != "InProgress":
                    with self.context.mutation():
                        secret_replicas.wait(replica)
