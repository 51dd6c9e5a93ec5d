"""A multi-region KMS key's replica: the same key material in another region, which decrypts there without asking the
primary's region."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.key import KeyConfig, ServiceUser, policy


class KeyReplica(Component):
    """With an alias and a policy of its own; rotation is the primary's.

    AWS deletes no primary key that has replicas, and moves it to the replica's region by UpdatePrimaryRegion only while
    both regions answer. So the primary stays in the home region whatever the roles are.
    """

    def __init__(
        self,
        name: str,
        purpose: str,
        account: str,
        config: KeyConfig,
        users: Sequence[ServiceUser],
        primary: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`primary` is the ARN of the primary key."""
        super().__init__(name, opts)
        key = aws.kms.ReplicaKey(
            name,
            primary_key_arn=primary,
            description=f"Encrypts {purpose}",
            deletion_window_in_days=config.deletion_window_days,
            policy=policy(account, users),
            tags={"purpose": purpose},
            opts=self.child(),
        )
        aws.kms.Alias(name, name=f"alias/{name}", target_key_id=key.key_id, opts=self.child())
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})
