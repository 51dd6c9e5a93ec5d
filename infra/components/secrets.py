"""Secrets Manager: generated values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from contracts.platform import (
    APPLE_KEY_SECRET,
    GOOGLE_CLIENT_SECRET,
    MEDIA_KEY_SECRET,
    READERS_TAG,
    RECORDER_SECRET,
    SIGNING_KEY_SECRET,
    STREAMS,
    STRIPE_KEY_SECRET,
    STRIPE_WEBHOOK_SECRET,
    WEBHOOK_SECRET,
)
from infra import generated
from infra.components.base import Component
from infra.pair.secret_replica import secret_replicas
from infra.settings import settings


@settings
class SecretsConfig:
    recovery_days: int
    """Days in which a deleted secret can be restored; 0 deletes it at once and frees its name."""

    def __post_init__(self) -> None:
        if self.recovery_days != 0 and not 7 <= self.recovery_days <= 30:
            raise ValueError(f"recoveryDays is {self.recovery_days}; AWS allows 7 to 30, or 0 for none")


@dataclass(frozen=True)
class SecretStore:
    """Where a stack's secrets are: under `prefix`, encrypted with `key`; `replica_keys` are those of other regions."""

    prefix: str
    key: pulumi.Input[str]
    config: SecretsConfig
    replica_keys: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class StoredSecret(Component):
    """A secret of a given name, encrypted with our key."""

    def __init__(
        self,
        name: str,
        stored_as: str,
        value: pulumi.Output[str],
        store: SecretStore,
        once: bool = False,
        readers: Sequence[str] = (),
        prefixed: bool = True,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """With `once`, the value of the creation stays: every run generates another one, which is ignored. Such a
        value belongs to all regions, which have replicas of the secret; others, such as hosts, are a region's own.

        `readers` are services that may read it besides its owner. AWS wants another name for what is
        not `prefixed`.
        """
        super().__init__(name, opts)
        self.secret = aws.secretsmanager.Secret(
            name,
            name=f"{store.prefix}{stored_as}" if prefixed else stored_as,
            kms_key_id=store.key,
            recovery_window_in_days=store.config.recovery_days,
            tags={READERS_TAG: " ".join(readers)} if readers else None,
            replicas=secret_replicas(store.replica_keys) if once else None,
            opts=self.child(),
        )
        version = aws.secretsmanager.SecretVersion(
            name,
            secret_id=self.secret.id,
            secret_string=value,
            opts=self.child(ignore_changes=["secretString"] if once else ()),
        )
        self.arn = pulumi.Output.all(self.secret.arn, version.id).apply(lambda known: known[0])  # not before its value
        self.value: pulumi.Output[str] = pulumi.Output.secret(version.secret_string).apply(lambda stored: stored or "")
        self.register_outputs({"arn": self.arn})


class PlatformSecrets(Component):
    """Shared keys: `auth` signs tokens with one, the dataflow signs its requests to `recommend` with another, `content`
    signs the URLs of recordings with a third, whose public half is `media_key`, and the recorder logs in with a fourth.

    Google, Apple and Stripe know their own only once the owner of the account has replaced the generated values:
    docs/aws.md.
    """

    def __init__(self, name: str, store: SecretStore, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for stored_as, value, readers in (
            (SIGNING_KEY_SECRET, generated.signing_key(), ()),
            (WEBHOOK_SECRET, generated.token(), ("recommend", *STREAMS)),
            (RECORDER_SECRET, generated.token(), ()),
            (GOOGLE_CLIENT_SECRET, generated.token(), ()),
            (APPLE_KEY_SECRET, generated.signing_key(), ()),
            (STRIPE_KEY_SECRET, generated.token(), ()),
            (STRIPE_WEBHOOK_SECRET, generated.token(), ()),
        ):
            logical = f"{name}-{stored_as.replace('/', '-')}"
            StoredSecret(logical, stored_as, value, store, once=True, readers=readers, opts=self.child())
        logical = f"{name}-{MEDIA_KEY_SECRET.replace('/', '-')}"
        signing = StoredSecret(logical, MEDIA_KEY_SECRET, generated.media_key(), store, once=True, opts=self.child())
        self.media_key = pulumi.Output.unsecret(signing.value.apply(generated.public_half))
        self.register_outputs({})
