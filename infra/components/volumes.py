"""EBS volumes of the account in a region: encrypted with our key, whoever makes them and whatever they ask for."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.base import Component


class Volumes(Component):
    def __init__(self, name: str, key: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        default = aws.ebs.DefaultKmsKey(name, key_arn=key, opts=self.child())
        aws.ebs.EncryptionByDefault(name, opts=self.child(depends_on=[default]))
        self.register_outputs({})
