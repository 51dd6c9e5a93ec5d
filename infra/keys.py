"""The keys of a region, one a purpose, and which services use them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from infra.components.base import Component
from infra.components.key import Key, KeyConfig, ServiceUser
from infra.pair.key_replica import KeyReplica


class Keys:
    """ARNs. `cluster` and `volumes` encrypt what a region has for itself; the others what both of a pair have."""

    def __init__(
        self,
        parent: Component,
        name: str,
        region: str,
        account: str,
        config: KeyConfig,
        paired: bool,
        primary: Keys | None,
    ) -> None:
        """`primary` has the keys of which those of this region are replicas; None where they are the primary ones."""
        self._parent, self._name, self._account, self._config = parent, name, account, config
        self._paired = paired
        self.cluster = self._own("cluster", "Kubernetes secrets and the cluster's logs", [_logs(region, account)])
        data, media = [_logs(region, account)], [_cloudfront(account)]
        self.data = self._shared("data", "databases, streams, caches and search", data, primary and primary.data)
        self.secrets = self._shared("secrets", "secrets", [], primary and primary.secrets)
        self.media = self._shared("media", "content", media, primary and primary.media)
        self.volumes = self._own("volumes", "disks of nodes and Pods", launcher=_autoscaling(account))
        backups = "backups of the time-series store"
        self.backups = self._shared("backups", backups, [], primary and primary.backups)

    def _own(
        self, noun: str, purpose: str, users: Sequence[ServiceUser] = (), launcher: str = ""
    ) -> pulumi.Output[str]:
        name, opts = f"{self._name}-{noun}", self._parent.child()
        return Key(name, purpose, self._account, self._config, users, launcher, opts=opts).arn

    def _shared(
        self, noun: str, purpose: str, users: Sequence[ServiceUser], primary: pulumi.Output[str] | None
    ) -> pulumi.Output[str]:
        name, opts = f"{self._name}-{noun}", self._parent.child()
        if primary is not None:
            return KeyReplica(name, purpose, self._account, self._config, users, primary, opts).arn
        return Key(name, purpose, self._account, self._config, users, multi_region=self._paired, opts=opts).arn


def _autoscaling(account: str) -> str:
    """The role of Amazon EC2 Auto Scaling, which starts the nodes of managed node groups."""
    return f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def _logs(region: str, account: str) -> ServiceUser:
    groups = f"arn:aws:logs:{region}:{account}:log-group:*"
    return ServiceUser(f"logs.{region}.amazonaws.com", "kms:EncryptionContext:aws:logs:arn", groups)


def _cloudfront(account: str) -> ServiceUser:
    distributions = f"arn:aws:cloudfront::{account}:distribution/*"
    return ServiceUser("cloudfront.amazonaws.com", "aws:SourceArn", distributions)
