"""Calming content: a bucket that only CloudFront can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.components.access_logs import AccessLogs
from infra.components.base import Component
from infra.components.bucket import policy, secure
from infra.components.certificate import CLOUDFRONT_REGION, Certificate
from infra.components.roles import ServiceAccountRole
from infra.components.web_acl import WebAcl
from infra.components.zone import Zone
from infra.pair.origin_failover import failing_over
from infra.settings import settings

_CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""AWS's managed cache policy of this name."""
_ATTEMPTS, _TIMEOUT_SECONDS = 2, 2
"""To connect to a bucket; by CloudFront's own 3 and 10 a listener would wait half a minute for the other region's."""


@settings
class MediaConfig:
    host: str
    minimum_tls: Literal["TLSv1.2_2021", "TLSv1.3_2025"]
    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"]
    old_versions_days: int
    """Days for which overwritten and deleted objects can be restored."""
    requests_per_minute: int
    """Of one address; above it CloudFront answers 403."""
    force_destroy: bool
    """Whether destroying the stack may delete content."""


class Signers(Component):
    """Who may sign URLs: the group of the one key that does."""

    def __init__(self, name: str, key: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        """`key` is a public one in PEM."""
        super().__init__(name, opts)
        public = aws.cloudfront.PublicKey(name, name=name, encoded_key=key, opts=self.child())
        group = aws.cloudfront.KeyGroup(name, name=name, items=[public.id], opts=self.child())
        self.key_id, self.group_id = public.id, group.id
        self.register_outputs({"keyId": self.key_id})


@dataclass(frozen=True)
class Distribution:
    """`url` is where viewers ask, `key_id` names the key that signs what they ask with."""

    resource: aws.cloudfront.Distribution
    url: str
    key_id: pulumi.Output[str]


class Media(Component):
    """The bucket of a region. One of a pair's has the distribution: `distribute` makes it, `admit` lets it read."""

    def __init__(
        self,
        name: str,
        bucket: str,
        key: pulumi.Input[str],
        logs: AccessLogs,
        config: MediaConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self._logs, self._config = logs, config
        self.bucket = aws.s3.Bucket(name, bucket=bucket, force_destroy=config.force_destroy, opts=self.child())
        self.secured = secure(self, name, self.bucket, key, config.old_versions_days)
        logs.of_bucket(self, name, self.bucket)
        self.register_outputs({"bucket": self.bucket.bucket})

    def uploaded_by(self, cluster: pulumi.Input[str], account: str, key: pulumi.Input[str]) -> None:
        """Gives a ServiceAccount the role by which editors' recordings come into this bucket, encrypted with `key`."""
        objects = pulumi.Output.concat(self.bucket.arn, "/items/*")
        statements: list[dict[str, object]] = [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
                "Resource": objects,
            },
            # Who may not list is told 403 of an object that is missing.
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": self.bucket.arn},
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key},
        ]
        ServiceAccountRole(f"{self.name}-content", cluster, account, statements, opts=self.child())

    def admit(self, distribution: aws.cloudfront.Distribution) -> None:
        reads = _cloudfront_reads(self.bucket.arn, distribution.arn)
        policy(self, self.name, self.bucket, [reads], self.secured.access_block)

    def distribute(self, zone: Zone, key: pulumi.Input[str], other: Media | None = None) -> Distribution:
        """CloudFront with its own name, certificate and firewall. What this bucket does not answer, `other`'s does.

        Objects are for who has a URL that is signed with the private half of `key` (PEM).
        """
        name, host = self.name, f"{self._config.host}.{zone.domain}"
        signers = Signers(f"{name}-signers", key, self.child())
        certificate = Certificate(f"{name}-tls", host, zone, CLOUDFRONT_REGION, self.child())
        acl = WebAcl(f"{name}-firewall", self._config.requests_per_minute, self.child())
        distribution = self._distribution(host, certificate, acl, signers, other)
        zone.record(f"{name}-host", "CNAME", host, [distribution.domain_name], self)
        return Distribution(distribution, f"https://{host}", signers.key_id)

    def _distribution(
        self, host: str, certificate: Certificate, acl: WebAcl, signers: Signers, other: Media | None
    ) -> aws.cloudfront.Distribution:
        access = aws.cloudfront.OriginAccessControl(
            self.name,
            name=self.name,
            description="Reads the media bucket",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self.child(),
        )
        buckets = {"media": self.bucket, **({"media-other": other.bucket} if other else {})}
        return aws.cloudfront.Distribution(
            self.name,
            comment="Calming content",
            enabled=True,
            aliases=[host],
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class=self._config.price_class,
            web_acl_id=acl.arn,
            logging_config=aws.cloudfront.DistributionLoggingConfigArgs(
                bucket=self._logs.bucket.bucket_domain_name, prefix="cloudfront/", include_cookies=False
            ),
            origins=[
                aws.cloudfront.DistributionOriginArgs(
                    origin_id=id,
                    domain_name=bucket.bucket_regional_domain_name,
                    origin_access_control_id=access.id,
                    connection_attempts=_ATTEMPTS,
                    connection_timeout=_TIMEOUT_SECONDS,
                )
                for id, bucket in buckets.items()
            ],
            origin_groups=[failing_over("media-pair", list(buckets))] if other else None,
            default_cache_behavior=aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
                target_origin_id="media-pair" if other else "media",
                viewer_protocol_policy="https-only",
                allowed_methods=["GET", "HEAD"],
                cached_methods=["GET", "HEAD"],
                cache_policy_id=_CACHING_OPTIMIZED,
                trusted_key_groups=[signers.group_id],
                compress=True,
            ),
            restrictions=aws.cloudfront.DistributionRestrictionsArgs(
                geo_restriction=aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
            ),
            viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(
                acm_certificate_arn=certificate.arn,
                minimum_protocol_version=self._config.minimum_tls,
                ssl_support_method="sni-only",
            ),
            opts=self.child(depends_on=[self._logs.takes_acls]),
        )


def _cloudfront_reads(bucket: pulumi.Output[str], distribution: pulumi.Output[str]) -> dict[str, object]:
    return {
        "Sid": "CloudFront",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": pulumi.Output.concat(bucket, "/*"),
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution}},
    }
