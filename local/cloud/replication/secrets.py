"""Gives the replicas of secrets what their primaries have, once it can have got to their region."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from local.cloud.context import CloudContext
from local.cloud.moto_backends import secret_replicas
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
