"""Where Pulumi keeps the state of the account's stacks, and the key of the secrets in it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.bootstrap.config import AccountConfig
from infra.components.base import Component
from infra.components.bucket import policy, secure
from infra.components.key import Key


class State(Component):
    """`url` and `secrets_provider` are what `pulumi login` and `pulumi stack init --secrets-provider` take."""

    def __init__(self, name: str, config: AccountConfig, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        self.key = Key(name, "secrets in the state of Pulumi", config.account, config.keys, opts=self.child())
        # The names of all accounts' buckets are one namespace.
        self.bucket = aws.s3.Bucket(name, bucket=f"{name}-{config.account}-{config.region}", opts=self.child())
        secured = secure(self, name, self.bucket, self.key.arn, config.old_states_days)
        policy(self, name, self.bucket, [], secured.access_block)
        self.url = pulumi.Output.format("s3://{0}?region={1}", self.bucket.bucket, config.region)
        self.secrets_provider = f"awskms://alias/{name}?region={config.region}"
        self.register_outputs({"url": self.url})
