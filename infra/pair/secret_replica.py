"""Secrets of both regions: written in the home region, and copied by Secrets Manager under the same name."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws


def secret_replicas(keys: Mapping[str, pulumi.Input[str]]) -> list[aws.secretsmanager.SecretReplicaArgs] | None:
    """One for each region, encrypted with that region's key (ARN); None without any.

    A replica is read like any other secret and can't be written: AWS answers InvalidParameterException until
    StopReplicationToReplica has made it a secret of its own.
    """
    return [aws.secretsmanager.SecretReplicaArgs(region=region, kms_key_id=key) for region, key in keys.items()] or None
