"""What every bucket has: encryption, versions that end, no public access, and TLS as the only way in."""

from __future__ import annotations

from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from infra.components.base import Component


class Secured(NamedTuple):
    """What others have to come after: a policy after `access_block`, replication after `versioning`."""

    access_block: pulumi.Resource
    versioning: pulumi.Resource


def secure(
    parent: Component,
    name: str,
    bucket: aws.s3.Bucket,
    key: pulumi.Input[str] | None,
    old_versions_days: int,
    days: int | None = None,
) -> Secured:
    """Settings of a child of `parent`. Objects end after `days`.

    Without `key` AWS's own key encrypts: S3 and CloudFront deliver their logs into no bucket with another one.
    """
    encryption = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="aws:kms" if key else "AES256", kms_master_key_id=key
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.bucket,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=encryption, bucket_key_enabled=True if key else None
            )
        ],
        opts=parent.child(),
    )
    versioning = aws.s3.BucketVersioning(
        name,
        bucket=bucket.bucket,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
        opts=parent.child(),
    )
    aws.s3.BucketLifecycleConfiguration(
        name,
        bucket=bucket.bucket,
        rules=[
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="old-versions",
                status="Enabled",
                filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=old_versions_days
                ),
                # By age also the markers of deleted objects go; alone, else they would pile up for ever.
                expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(
                    days=days, expired_object_delete_marker=None if days else True
                ),
                abort_incomplete_multipart_upload=(
                    aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(days_after_initiation=7)
                ),
            )
        ],
        opts=parent.child(depends_on=[versioning]),
    )
    access_block = aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=parent.child(),
    )
    return Secured(access_block, versioning)


def policy(
    parent: Component,
    name: str,
    bucket: aws.s3.Bucket,
    statements: list[dict[str, object]],
    after: pulumi.Resource,
) -> aws.s3.BucketPolicy:
    """These statements, and that requests without TLS are denied."""
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [*statements, tls_only]})
    return aws.s3.BucketPolicy(name, bucket=bucket.bucket, policy=document, opts=parent.child(depends_on=[after]))
