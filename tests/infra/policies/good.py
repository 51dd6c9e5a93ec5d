"""Resources that every rule accepts; a bad program changes one thing of one."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.infra.policies.programs import document, provider

KEY = "arn:aws:kms:us-west-2:123456789012:key/1"
TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::b/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def options(region: str = "us-west-2", protect: bool = True) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=provider(region), protect=protect)


def kept(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    return opts or options()


def database(name: str = "db", opts: pulumi.ResourceOptions | None = None, **changed: Any) -> aws.rds.Instance:
    given: dict[str, Any] = {
        "instance_class": "db.r7g.large",
        "storage_encrypted": True,
        "kms_key_id": KEY,
        "publicly_accessible": False,
        "backup_retention_period": 35,
        "deletion_protection": True,
        "skip_final_snapshot": False,
    }
    return aws.rds.Instance(name, **{**given, **changed}, opts=kept(opts))


def cache(
    name: str = "cache", opts: pulumi.ResourceOptions | None = None, **changed: Any
) -> aws.elasticache.ReplicationGroup:
    given: dict[str, Any] = {
        "description": name,
        "at_rest_encryption_enabled": True,
        "kms_key_id": KEY,
        "transit_encryption_enabled": True,
        "snapshot_retention_limit": 7,
    }
    return aws.elasticache.ReplicationGroup(name, **{**given, **changed}, opts=kept(opts))


def stream(
    name: str = "stream",
    opts: pulumi.ResourceOptions | None = None,
    key: str | None = KEY,
    client_broker: str = "TLS",
    in_cluster: bool = True,
    public: str = "DISABLED",
) -> aws.msk.Cluster:
    access = aws.msk.ClusterBrokerNodeGroupInfoConnectivityInfoPublicAccessArgs(type=public)
    return aws.msk.Cluster(
        name,
        kafka_version="3.9.x.kraft",
        number_of_broker_nodes=3,
        broker_node_group_info=aws.msk.ClusterBrokerNodeGroupInfoArgs(
            instance_type="kafka.m7g.large",
            client_subnets=["a"],
            security_groups=["g"],
            connectivity_info=aws.msk.ClusterBrokerNodeGroupInfoConnectivityInfoArgs(public_access=access),
        ),
        encryption_info=aws.msk.ClusterEncryptionInfoArgs(
            encryption_at_rest_kms_key_arn=key,
            encryption_in_transit=aws.msk.ClusterEncryptionInfoEncryptionInTransitArgs(
                client_broker=client_broker, in_cluster=in_cluster
            ),
        ),
        opts=kept(opts),
    )


def domain(
    name: str = "aura-us-west-2-search",
    opts: pulumi.ResourceOptions | None = None,
    without: str = "",
    tls: str = "Policy-Min-TLS-1-2-PFS-2023-10",
    key: str | None = KEY,
) -> aws.opensearch.Domain:
    """`without` one of: at rest, between nodes, https, vpc, password."""
    everyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:ESHttpGet", "Resource": "arn:aws:es:::d/*"}
    return aws.opensearch.Domain(
        name,
        domain_name=name,
        encrypt_at_rest=aws.opensearch.DomainEncryptAtRestArgs(enabled=without != "at rest", kms_key_id=key),
        node_to_node_encryption=aws.opensearch.DomainNodeToNodeEncryptionArgs(enabled=without != "between nodes"),
        domain_endpoint_options=aws.opensearch.DomainDomainEndpointOptionsArgs(
            enforce_https=without != "https", tls_security_policy=tls
        ),
        vpc_options=None if without == "vpc" else aws.opensearch.DomainVpcOptionsArgs(subnet_ids=["a"]),
        advanced_security_options=aws.opensearch.DomainAdvancedSecurityOptionsArgs(enabled=without != "password"),
        access_policies=document(everyone),
        opts=kept(opts),
    )


def secret(
    resource: str = "secret", opts: pulumi.ResourceOptions | None = None, /, **changed: Any
) -> aws.secretsmanager.Secret:
    given: dict[str, Any] = {"kms_key_id": KEY, "recovery_window_in_days": 30}
    return aws.secretsmanager.Secret(resource, **{**given, **changed}, opts=kept(opts))


def key(name: str = "key", opts: pulumi.ResourceOptions | None = None, **changed: Any) -> aws.kms.Key:
    return aws.kms.Key(name, **{"deletion_window_in_days": 30, **changed}, opts=kept(opts))


def cluster(name: str = "cluster", opts: pulumi.ResourceOptions | None = None, **changed: Any) -> aws.eks.Cluster:
    given: dict[str, Any] = {
        "role_arn": "arn",
        "deletion_protection": True,
        "vpc_config": aws.eks.ClusterVpcConfigArgs(subnet_ids=["a"], endpoint_public_access=False),
        "encryption_config": aws.eks.ClusterEncryptionConfigArgs(
            resources=["secrets"], provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=KEY)
        ),
    }
    return aws.eks.Cluster(name, **{**given, **changed}, opts=kept(opts))


def bucket(
    name: str = "bucket",
    opts: pulumi.ResourceOptions | None = None,
    without: str = "",
    algorithm: str = "aws:kms",
    key: str | None = KEY,
    old_days: int = 30,
    status: str = "Enabled",
    open_to: str = "",
    force_destroy: bool = False,
) -> aws.s3.Bucket:
    """`without` one of its settings: encryption, block or versioning; `open_to` whom its policy lets read."""
    opts = kept(opts)
    plain = pulumi.ResourceOptions(provider=opts.provider)
    made = aws.s3.Bucket(name, bucket=name, force_destroy=force_destroy, opts=opts)
    if without != "encryption":
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm=algorithm, kms_master_key_id=key
        )
        rule = aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(apply_server_side_encryption_by_default=default)
        aws.s3.BucketServerSideEncryptionConfiguration(name, bucket=made.bucket, rules=[rule], opts=plain)
    if without != "block":
        aws.s3.BucketPublicAccessBlock(
            name,
            bucket=made.bucket,
            block_public_acls=True,
            block_public_policy=without != "whole block",
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=plain,
        )
    if without != "versioning":
        configured = aws.s3.BucketVersioningVersioningConfigurationArgs(status=status)
        aws.s3.BucketVersioning(name, bucket=made.bucket, versioning_configuration=configured, opts=plain)
    old = aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(noncurrent_days=old_days)
    lifecycle = aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="old", status="Enabled", noncurrent_version_expiration=old
    )
    aws.s3.BucketLifecycleConfiguration(name, bucket=made.bucket, rules=[lifecycle], opts=plain)
    read = {"Effect": "Allow", "Principal": open_to, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    tls = [] if without == "tls" else [TLS_ONLY]
    policy = document(*tls, *([read] if open_to else []))
    aws.s3.BucketPolicy(name, bucket=made.bucket, policy=policy, opts=plain)
    return made


def distribution(minimum: str = "TLSv1.3_2025", viewers: str = "https-only") -> aws.cloudfront.Distribution:
    geo = aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
    return aws.cloudfront.Distribution(
        "content",
        enabled=True,
        origins=[aws.cloudfront.DistributionOriginArgs(origin_id="o", domain_name="o.example")],
        default_cache_behavior=aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
            target_origin_id="o", viewer_protocol_policy=viewers, allowed_methods=["GET"], cached_methods=["GET"]
        ),
        restrictions=aws.cloudfront.DistributionRestrictionsArgs(geo_restriction=geo),
        viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(
            acm_certificate_arn="arn", minimum_protocol_version=minimum
        ),
        opts=options(protect=False),
    )


def role_policy(name: str = "role", **statement: Any) -> aws.iam.RolePolicy:
    given = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::aura-media/*"}
    return aws.iam.RolePolicy(name, role="r", policy=document({**given, **statement}), opts=options(protect=False))
