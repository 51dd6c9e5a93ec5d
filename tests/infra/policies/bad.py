"""Programs that a rule refuses, by the rule, with the text that says why; all else in them is as it must be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from tests.infra.policies.good import (
    KEY,
    bucket,
    cache,
    cluster,
    database,
    distribution,
    domain,
    key,
    options,
    role_policy,
    secret,
    stream,
)
from tests.infra.policies.programs import provider

Program = Callable[[], object]
_PLAIN = "arn:aws:kms:us-west-2:123456789012:alias/aws/rds"


def _kubernetes() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=kubernetes.Provider("k", kubeconfig="{}"))


def _opened(**vpc: object) -> aws.eks.Cluster:
    return cluster(vpc_config={"subnet_ids": ["a"], "endpoint_public_access": True, **vpc})


def _ingress(cidr: str) -> object:
    return aws.vpc.SecurityGroupIngressRule(
        "rule", security_group_id="g", ip_protocol="tcp", cidr_ipv4=cidr, from_port=5432, opts=options(protect=False)
    )


def _listener(protocol: str, policy: str | None) -> object:
    forward = aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn="t")
    return aws.lb.Listener(
        *("listener",),
        load_balancer_arn="b",
        protocol=protocol,
        ssl_policy=policy,
        default_actions=[forward],
        opts=options(protect=False),
    )


def _release(suite: str, http: bool) -> object:
    values = {"gateway": {"env": {"ssl_cipher_suite": suite}, "proxy": {"http": {"enabled": http}}}}
    return kubernetes.helm.v3.Release("kong", name="kong", chart="ingress", values=values, opts=_kubernetes())


def _config_map(**data: str) -> object:
    return kubernetes.core.v1.ConfigMap("settings", data=data, opts=_kubernetes())


def _parameters(force: str) -> object:
    forced = aws.rds.ParameterGroupParameterArgs(name="rds.force_ssl", value=force)
    return aws.rds.ParameterGroup("pg", family="postgres15", parameters=[forced], opts=options(protect=False))


def _template(encrypted: str, of_key: str | None) -> object:
    disk = aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(encrypted=encrypted, kms_key_id=of_key)
    mapped = aws.ec2.LaunchTemplateBlockDeviceMappingArgs(device_name="/dev/xvda", ebs=disk)
    return aws.ec2.LaunchTemplate("nodes", block_device_mappings=[mapped], opts=options(protect=False))


def _log_bucket_by_name_only() -> object:
    return bucket(name="logs", algorithm="AES256", key=None)


def _untagged() -> object:
    bare = aws.Provider("bare", region="us-west-2", default_tags={"tags": {"project": "aura"}})
    return key(opts=pulumi.ResourceOptions(provider=bare, protect=True))


def _function() -> object:
    return aws.lambda_.FunctionUrl("url", function_name="f", authorization_type="NONE", opts=options(protect=False))


def _repository(kind: str) -> object:
    chosen = aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type=kind)
    return aws.ecr.Repository("images", encryption_configurations=[chosen], opts=options())


PROGRAMS: Mapping[str, Mapping[str, Program]] = {
    "encryption-at-rest": {
        "storageEncrypted is not true": lambda: database(storage_encrypted=False),
        "kmsKeyId is missing": lambda: database(kms_key_id=None),
        f"kmsKeyId is {_PLAIN}": lambda: database(kms_key_id=_PLAIN),
        "performanceInsightsKmsKeyId is missing": lambda: database(performance_insights_enabled=True),
        "atRestEncryptionEnabled is not true": lambda: cache(at_rest_encryption_enabled=False),
        "encryptionAtRestKmsKeyArn is missing": lambda: stream(key=None),
        "encryptAtRest.enabled is not true": lambda: domain(without="at rest"),
        "encryptAtRest.kmsKeyId is missing": lambda: domain(key=None),
        "kmsKeyId is missing: AWS's own key": lambda: secret(kms_key_id=None),
        "kmsKeyId of the replica in us-east-1 is missing": lambda: secret(replicas=[{"region": "us-east-1"}]),
        "encryptionConfig does not name secrets": lambda: cluster(encryption_config=None),
        "ebs.encrypted of /dev/xvda is not true": lambda: _template("false", KEY),
        "ebs.kmsKeyId of /dev/xvda is missing": lambda: _template("true", None),
        "encryptionType is not KMS": lambda: _repository("AES256"),
        "kmsMasterKeyId is missing": lambda: aws.sqs.Queue("queue", opts=options(protect=False)),
    },
    "bucket-encryption": {
        "nothing says with which key": lambda: bucket(without="encryption"),
        "encrypts by AES256": _log_bucket_by_name_only,
        "kmsMasterKeyId is missing": lambda: bucket(key=None),
    },
    "encryption-in-transit": {
        "clientBroker lets clients use plain text": lambda: stream(client_broker="TLS_PLAINTEXT"),
        "inCluster is false": lambda: stream(in_cluster=False),
        "transitEncryptionEnabled is not true": lambda: cache(transit_encryption_enabled=False),
        "transitEncryptionMode is preferred": lambda: cache(transit_encryption_mode="preferred"),
        "domainEndpointOptions.enforceHttps is not true": lambda: domain(without="https"),
        "nodeToNodeEncryption.enabled is not true": lambda: domain(without="between nodes"),
        "rds.force_ssl is not 1": lambda: _parameters("0"),
        "does not deny requests without TLS": lambda: bucket(without="tls"),
    },
    "tls-1-3": {
        "minimumProtocolVersion is TLSv1.2_2021": lambda: distribution(minimum="TLSv1.2_2021"),
        "lets viewers use HTTP": lambda: distribution(viewers="allow-all"),
        "sslPolicy is ELBSecurityPolicy-TLS13-1-2": lambda: _listener("HTTPS", "ELBSecurityPolicy-TLS13-1-2-2021-06"),
        "sslPolicy is None": lambda: _listener("TLS", None),
        "tlsSecurityPolicy is Policy-Min-TLS-1-0-2019-07": lambda: domain(tls="Policy-Min-TLS-1-0-2019-07"),
        "answers over HTTP": lambda: _listener("HTTP", None),
        "ssl_cipher_suite is intermediate": lambda: _release("intermediate", False),
        "proxy.http is enabled": lambda: _release("modern", True),
    },
    "no-public-access": {
        "publiclyAccessible must be false": lambda: database(publicly_accessible=True),
        "names no addresses": lambda: _opened(),
        "has the whole world": lambda: _opened(public_access_cidrs=["198.51.100.0/24", "0.0.0.0/0"]),
        "publicAccess of the brokers is": lambda: stream(public="SERVICE_PROVIDED_EIPS"),
        "its endpoint is on the internet": lambda: domain(without="vpc"),
        "allows everyone es:ESHttpGet": lambda: domain(without="vpc"),
        "needs no password": lambda: domain(without="password"),
        "everyone (0.0.0.0/0) may connect": lambda: _ingress("0.0.0.0/0"),
        "allows everyone s3:GetObject": lambda: bucket(open_to="*"),
        "blockPublicPolicy is not true": lambda: bucket(without="whole block"),
        "its ACL is public-read": lambda: aws.s3.BucketAcl(
            "acl", bucket="b", acl="public-read", opts=options(protect=False)
        ),
        "authorizationType is NONE": _function,
    },
    "bucket-public-access-block": {"has no BucketPublicAccessBlock": lambda: bucket(without="block")},
    "bucket-versions": {"has no BucketVersioning": lambda: bucket(without="versioning")},
    "backups": {
        "backupRetentionPeriod is 7": lambda: database(backup_retention_period=7),
        "backupRetentionPeriod is None": lambda: database(backup_retention_period=None),
        "deletionProtection is not true": lambda: database(deletion_protection=False),
        "deletionProtection is not": lambda: cluster(deletion_protection=False),
        "skipFinalSnapshot is not false": lambda: database(skip_final_snapshot=True),
        "snapshotRetentionLimit is 0": lambda: cache(snapshot_retention_limit=0),
        "deletionWindowInDays is 7": lambda: key(deletion_window_in_days=7),
        "recoveryWindowInDays is 0": lambda: secret(recovery_window_in_days=0),
        "forceDestroy is true": lambda: bucket(force_destroy=True),
        "versioning is Suspended": lambda: bucket(status="Suspended"),
        "old versions end after 7 days": lambda: bucket(old_days=7),
    },
    "protection": {"is not protected": lambda: database(opts=options(protect=False))},
    "required-tags": {
        "default tags have stack = None": _untagged,
        "its tag stack is 'other'": lambda: key(tags={"stack": "other"}),
        "default tags have project = 'mine'": lambda: provider(project="mine"),
    },
    "no-wildcard-iam": {
        "allows the action *": lambda: role_policy(Action="*"),
        "allows the action s3:*": lambda: role_policy(Action=["s3:GetObject", "s3:*"]),
        "allows the action s3:Get*": lambda: role_policy(Action="s3:Get*"),
        "allows s3:GetObject on every resource": lambda: role_policy(Resource="*"),
        "allows s3:GetObject on every": lambda: role_policy(Resource=["arn:aws:s3:::aura/*", "arn:aws:s3:::*"]),
        "allows what is not named": lambda: role_policy(NotAction="iam:*"),
    },
    "no-plain-secrets": {
        "data.REDIS_PASSWORD is a secret by its name": lambda: _config_map(REDIS_PASSWORD="hunter2"),
        "data.REDIS_URL has a secret in its text": lambda: _config_map(REDIS_URL="rediss://:hunter2@cache:6379/0"),
        "values.env.token is a secret by its name": lambda: kubernetes.helm.v3.Release(
            "any", chart="any", values={"env": {"token": "t"}}, opts=_kubernetes()
        ),
        "configurationValues has a secret": lambda: aws.eks.Addon(
            *("addon",),
            cluster_name="c",
            addon_name="a",
            configuration_values=json.dumps({"key": "-----BEGIN EC PRIVATE KEY-----"}),
            opts=options(protect=False),
        ),
    },
}
"""But for `counterpart` and `no-secrets-in-configuration`, which look at the configuration too."""
