"""The repositories of images.toml, for every account: what staging has run is promoted to prod by digest."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.bootstrap.config import AccountConfig, RegistryConfig
from infra.components.base import Component
from infra.components.key import Key

_DEPLOYED = ("prod-", "staging-")
"""Prefixes of the tags that the workflow gives to what it has deployed."""
_KEPT_DEPLOYED = 50
_DAYS_UNDEPLOYED = 90
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


class Registry(Component):
    """The repositories of one region; `keys` encrypt them, and those of the regions that they are copied to."""

    def __init__(
        self,
        name: str,
        region: str,
        account: AccountConfig,
        config: RegistryConfig,
        repositories: Sequence[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(name, opts)
        self._suffix = "" if region == account.region else f"-{region}"
        self.key = Key(name, "images", account.account, account.keys, opts=self.child())
        made = [self._repository(repository, self.key.arn, config) for repository in repositories]
        self.arns = [one.arn for one in made]
        self.keys = [self.key.arn]
        self.host = f"{account.account}.dkr.ecr.{region}.amazonaws.com"
        self.register_outputs({"host": self.host})

    def _repository(self, name: str, key: pulumi.Input[str], config: RegistryConfig) -> aws.ecr.Repository:
        resource = f"{name.replace('/', '-')}{self._suffix}"
        made = aws.ecr.Repository(
            resource,
            name=name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=key)
            ],
            opts=self.child(),
        )
        aws.ecr.LifecyclePolicy(resource, repository=made.name, policy=json.dumps(lifecycle()), opts=self.child())
        if config.readers:
            document = json.dumps(_readable_by(config.readers))
            aws.ecr.RepositoryPolicy(resource, repository=made.name, policy=document, opts=self.child())
        return made

    def replicate(self, account: AccountConfig, to: Registry, region: str) -> None:
        """Images that are pushed from now on, into the repositories that `to` has there, with their own settings."""
        self.keys += to.keys
        destination = aws.ecr.ReplicationConfigurationReplicationConfigurationRuleDestinationArgs(
            region=region, registry_id=account.account
        )
        ours = aws.ecr.ReplicationConfigurationReplicationConfigurationRuleRepositoryFilterArgs(
            filter="aura/", filter_type="PREFIX_MATCH"
        )
        rule = aws.ecr.ReplicationConfigurationReplicationConfigurationRuleArgs(
            destinations=[destination], repository_filters=[ours]
        )
        aws.ecr.ReplicationConfiguration(
            self.name,
            replication_configuration=aws.ecr.ReplicationConfigurationReplicationConfigurationArgs(rules=[rule]),
            opts=self.child(depends_on=[to]),
        )


def lifecycle() -> dict[str, object]:
    """Expires images that were never deployed, and the oldest of those that were, of each stack.

    An image that a rule looks at is out of reach of the rules with higher numbers, and one that an index names is
    kept as long as the index.
    """
    deployed = [
        {"tagStatus": "tagged", "tagPrefixList": [prefix], "countType": "imageCountMoreThan", "countNumber": kept}
        for prefix, kept in ((prefix, _KEPT_DEPLOYED) for prefix in _DEPLOYED)
    ]
    rest = {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": _DAYS_UNDEPLOYED}
    selections = [*deployed, rest]
    return {
        "rules": [
            {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}
            for priority, selection in enumerate(selections, 1)
        ]
    }


def _readable_by(accounts: Sequence[str]) -> dict[str, object]:
    """IAM of each of these accounts decides who of it may pull; none may push."""
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    pull = {"Sid": "Pull", "Effect": "Allow", "Principal": {"AWS": principals}, "Action": list(_PULL)}
    return {"Version": "2012-10-17", "Statement": [pull]}
