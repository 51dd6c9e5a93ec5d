"""Calming content: a bucket that only CloudFront can read."""

from __future__ import annotations

from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.certificate import CLOUDFRONT_REGION, Certificate
from infra.components.zone import Zone
from infra.settings import settings

_CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""AWS's managed cache policy of this name."""


@settings
class MediaConfig:
    host: str
    minimum_tls: Literal["TLSv1.2_2021", "TLSv1.3_2025"]
    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"]
    old_versions_days: int
    """Days for which overwritten and deleted objects can be restored."""
    force_destroy: bool
    """Whether destroying the stack may delete content."""


class Media(Component):
    def __init__(
        self,
        name: str,
        bucket: str,
        key: pulumi.Input[str],
        zone: Zone,
        config: MediaConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self.bucket = aws.s3.Bucket(name, bucket=bucket, force_destroy=config.force_destroy, opts=self.child())
        self._protect_contents(name, key, config)
        host = f"{config.host}.{zone.domain}"
        certificate = Certificate(f"{name}-tls", host, zone, CLOUDFRONT_REGION, self.child())
        self.distribution = self._distribute(name, host, certificate, config)
        aws.s3.BucketPolicy(
            name,
            bucket=self.bucket.bucket,
            policy=pulumi.Output.json_dumps(_policy(self.bucket.arn, self.distribution.arn)),
            opts=self.child(depends_on=[self._block]),
        )
        zone.record(f"{name}-host", "CNAME", host, [self.distribution.domain_name], self)
        self.register_outputs({"bucket": self.bucket.bucket, "host": host})

    def _protect_contents(self, name: str, key: pulumi.Input[str], config: MediaConfig) -> None:
        encryption = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=key
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
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=self.bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self.child(),
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=self.bucket.bucket,
            rules=[
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="old-versions",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=config.old_versions_days
                    ),
                )
            ],
            opts=self.child(depends_on=[versioning]),
        )
        self._block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=self.bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )

    def _distribute(
        self, name: str, host: str, certificate: Certificate, config: MediaConfig
    ) -> aws.cloudfront.Distribution:
        access = aws.cloudfront.OriginAccessControl(
            name,
            name=name,
            description="Reads the media bucket",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self.child(),
        )
        return aws.cloudfront.Distribution(
            name,
            comment="Calming content",
            enabled=True,
            aliases=[host],
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class=config.price_class,
            origins=[
                aws.cloudfront.DistributionOriginArgs(
                    origin_id="media",
                    domain_name=self.bucket.bucket_regional_domain_name,
                    origin_access_control_id=access.id,
                )
            ],
            default_cache_behavior=aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
                target_origin_id="media",
                viewer_protocol_policy="https-only",
                allowed_methods=["GET", "HEAD"],
                cached_methods=["GET", "HEAD"],
                cache_policy_id=_CACHING_OPTIMIZED,
                compress=True,
            ),
            restrictions=aws.cloudfront.DistributionRestrictionsArgs(
                geo_restriction=aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
            ),
            viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(
                acm_certificate_arn=certificate.arn,
                minimum_protocol_version=config.minimum_tls,
                ssl_support_method="sni-only",
            ),
            opts=self.child(),
        )


def _policy(bucket: pulumi.Output[str], distribution: pulumi.Output[str]) -> dict[str, object]:
    """CloudFront may read; requests without TLS are denied."""
    contents = pulumi.Output.concat(bucket, "/*")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "CloudFront",
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": contents,
                "Condition": {"StringEquals": {"AWS:SourceArn": distribution}},
            },
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [bucket, contents],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
