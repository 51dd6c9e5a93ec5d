"""Where Pulumi keeps the state of the account's stacks, and the key of the secrets in it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.bootstrap.config import AccountConfig
from infra.components.base import Component
from infra.components.key import Key


class State(Component):
    """`url` and `secrets_provider` are what `pulumi login` and `pulumi stack init --secrets-provider` take."""

    def __init__(self, name: str, config: AccountConfig, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        self.key = Key(name, "secrets in the state of Pulumi", config.account, config.keys, opts=self.child())
        # The names of all accounts' buckets are one namespace.
        self.bucket = aws.s3.Bucket(name, bucket=f"{name}-{config.account}-{config.region}", opts=self.child())
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=self.bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self.child(),
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=self.bucket.bucket,
            rules=[_expire_old_versions(config.old_states_days)],
            opts=self.child(depends_on=[versioning]),
        )
        self._close(name)
        self.url = pulumi.Output.format("s3://{0}?region={1}", self.bucket.bucket, config.region)
        self.secrets_provider = f"awskms://alias/{name}?region={config.region}"
        self.register_outputs({"url": self.url})

    def _close(self, name: str) -> None:
        """Encrypted with our key, over TLS only, and never public."""
        encryption = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=self.key.arn
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=self.bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=encryption, bucket_key_enabled=True
                )
            ],
            opts=self.child(),
        )
        block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=self.bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )
        tls_only = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [self.bucket.arn, pulumi.Output.concat(self.bucket.arn, "/*")],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        aws.s3.BucketPolicy(
            name,
            bucket=self.bucket.bucket,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [tls_only]}),
            opts=self.child(depends_on=[block]),
        )


def _expire_old_versions(days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="old-versions",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=days
        ),
    )
