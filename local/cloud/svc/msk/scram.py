"""SASL/SCRAM: secrets in Secrets Manager whose names and passwords a cluster's brokers accept."""

from __future__ import annotations

import json

from local.cloud.moto_backends.secrets import Secret, secret
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.finding import cluster_of
from local.cloud.svc.msk.model import Cluster, MskState
from local.cloud.svc.msk.security import scram_enabled

PREFIX = "AmazonMSK_"
BATCH = 10
"""Secrets a request: https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-limitations.html"""


class ScramOperations(Service[MskState]):
    """The MSK operations on SCRAM secrets."""

    def batch_associate_scram_secret(self, state: MskState, inputs: Inputs) -> Output:
        """The brokers accept the secrets' users soon after, and follow their values."""
        cluster = _scram_cluster(state, inputs)
        refused = []
        for arn in inputs["SecretArnList"]:
            why = unfit(arn, secret(state.region, arn), cluster.scram_secrets)
            if why:
                refused.append(_unprocessed(arn, *why))
            else:
                cluster.scram_secrets = (*cluster.scram_secrets, arn)
        return {"ClusterArn": cluster.arn, "UnprocessedScramSecrets": refused}

    def batch_disassociate_scram_secret(self, state: MskState, inputs: Inputs) -> Output:
        cluster = _scram_cluster(state, inputs)
        asked = inputs["SecretArnList"]
        unknown = [arn for arn in asked if arn not in cluster.scram_secrets]
        cluster.scram_secrets = tuple(arn for arn in cluster.scram_secrets if arn not in asked)
        refused = [_unprocessed(arn, "InvalidSecretArn", "The secret is not associated.") for arn in unknown]
        return {"ClusterArn": cluster.arn, "UnprocessedScramSecrets": refused}

    def list_scram_secrets(self, state: MskState, inputs: Inputs) -> Output:
        return {"SecretArnList": list(cluster_of(state, inputs).scram_secrets)}


def credentials(text: str) -> tuple[str, str] | None:
    """User and password in a secret's text; None unless it is JSON with both."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return None
    user, password = (parsed.get("username"), parsed.get("password")) if isinstance(parsed, dict) else (None, None)
    return (user, password) if isinstance(user, str) and isinstance(password, str) and user and password else None


def unfit(arn: str, known: Secret | None, associated: tuple[str, ...]) -> tuple[str, str] | None:
    """Why MSK cannot use the secret, as error code and message; None when it can.

    https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-tutorial.html
    """
    if known is None:
        return "InvalidSecretArn", "Amazon MSK could not find or read the secret."
    if not known.name.startswith(PREFIX):
        return "InvalidSecretArn", f"Names of secrets for Amazon MSK begin with {PREFIX}."
    if not known.own_key:
        return "InvalidSecretArn", "The secret must be encrypted with a customer managed KMS key, not the default one."
    if credentials(known.text) is None:
        return "InvalidSecretValue", 'The secret must be JSON text: {"username": "...", "password": "..."}.'
    if arn in associated:
        return "InvalidSecretArn", "The secret is associated with the cluster already."
    return None


def _scram_cluster(state: MskState, inputs: Inputs) -> Cluster:
    cluster = cluster_of(state, inputs, active=True)
    if not scram_enabled(cluster.inputs):
        raise AwsError("BadRequestException", "SASL/SCRAM authentication is not enabled for this cluster.")
    if not 1 <= len(inputs["SecretArnList"]) <= BATCH:
        raise AwsError("BadRequestException", f"SecretArnList takes 1 to {BATCH} secrets.")
    return cluster


def _unprocessed(arn: str, code: str, message: str) -> Output:
    return {"SecretArn": arn, "ErrorCode": code, "ErrorMessage": message}
