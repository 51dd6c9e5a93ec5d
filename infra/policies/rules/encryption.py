"""Data at rest is encrypted with a key of the stack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from infra.policies.declared import UNKNOWN, Deployment, Resource, is_true
from infra.policies.rule import ResourceRule

_Check = Callable[[Resource], Iterator[str]]


def _key(value: Any, where: str) -> Iterator[str]:
    if value is UNKNOWN:
        return
    if not value:
        yield f"{where} is missing: AWS's own key would encrypt, whose use the stack cannot grant, log or revoke"
    elif "alias/aws/" in str(value):
        yield f"{where} is {value}, AWS's own key; name one of the stack"


def _by_key(path: str, *switches: str) -> _Check:
    """A key at `path`, and that encryption is switched on."""

    def check(resource: Resource) -> Iterator[str]:
        for switch in switches:
            if not is_true(resource.at(switch)):
                yield f"{switch} is not true"
        yield from _key(resource.at(path), path)

    return check


def _database(resource: Resource) -> Iterator[str]:
    """A replica is encrypted as its source is, with the key of its own region."""
    replica = resource.at("replicateSourceDb") is not None
    yield from _by_key("kmsKeyId", *(() if replica else ("storageEncrypted",)))(resource)
    if resource.at("performanceInsightsEnabled") is True:
        yield from _key(resource.at("performanceInsightsKmsKeyId"), "performanceInsightsKmsKeyId")


def _cache(resource: Resource) -> Iterator[str]:
    """The second group of a global datastore has the first's encryption, and takes a key of its own."""
    second = resource.at("globalReplicationGroupId") is not None
    yield from _by_key("kmsKeyId", *(() if second else ("atRestEncryptionEnabled",)))(resource)


def _secret(resource: Resource) -> Iterator[str]:
    yield from _key(resource.at("kmsKeyId"), "kmsKeyId")
    for replica in resource.items("replicas"):
        yield from _key(replica.get("kmsKeyId"), f"kmsKeyId of the replica in {replica.get('region')}")


def _cluster(resource: Resource) -> Iterator[str]:
    """Kubernetes secrets are the only resources that EKS encrypts by a key of the account's."""
    if "secrets" not in (resource.at("encryptionConfig.resources") or ()):
        yield "encryptionConfig does not name secrets"
    yield from _key(resource.at("encryptionConfig.provider.keyArn"), "encryptionConfig.provider.keyArn")


def _template(resource: Resource) -> Iterator[str]:
    disks = list(resource.items("blockDeviceMappings"))
    if not disks:
        yield "blockDeviceMappings is missing: the image would say how the disk is encrypted"
    for disk in disks:
        volume = disk.get("ebs")
        volume = volume if isinstance(volume, Mapping) else {}
        where = f"ebs.kmsKeyId of {disk.get('deviceName')}"
        if not is_true(volume.get("encrypted")):
            yield f"ebs.encrypted of {disk.get('deviceName')} is not true"
        yield from _key(volume.get("kmsKeyId"), where)


def _repository(resource: Resource) -> Iterator[str]:
    chosen = next(resource.items("encryptionConfigurations"), {})
    if chosen.get("encryptionType") != "KMS":
        yield "encryptionConfigurations: encryptionType is not KMS"
    yield from _key(chosen.get("kmsKey"), "encryptionConfigurations: kmsKey")


CHECKS: Mapping[str, _Check] = {
    "aws:backup/vault:Vault": _by_key("kmsKeyArn"),
    "aws:cloudwatch/logGroup:LogGroup": _by_key("kmsKeyId"),
    "aws:ebs/defaultKmsKey:DefaultKmsKey": _by_key("keyArn"),
    "aws:ebs/volume:Volume": _by_key("kmsKeyId", "encrypted"),
    "aws:ec2/launchTemplate:LaunchTemplate": _template,
    "aws:ecr/repository:Repository": _repository,
    "aws:efs/fileSystem:FileSystem": _by_key("kmsKeyId", "encrypted"),
    "aws:eks/cluster:Cluster": _cluster,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:kinesis/stream:Stream": _by_key("kmsKeyId"),
    "aws:msk/cluster:Cluster": _by_key("encryptionInfo.encryptionAtRestKmsKeyArn"),
    "aws:opensearch/domain:Domain": _by_key("encryptAtRest.kmsKeyId", "encryptAtRest.enabled"),
    "aws:rds/cluster:Cluster": _by_key("kmsKeyId", "storageEncrypted"),
    "aws:rds/instance:Instance": _database,
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": _by_key("kmsKeyId"),
    "aws:secretsmanager/secret:Secret": _secret,
    "aws:sns/topic:Topic": _by_key("kmsMasterKeyId"),
    "aws:sqs/queue:Queue": _by_key("kmsMasterKeyId"),
}
"""Where each type has its key. A bucket's is in a resource of its own: bucket_encryption.py."""


def _check(resource: Resource, _: Deployment) -> Iterable[str]:
    check = CHECKS.get(resource.type)
    return check(resource) if check else ()


RULE = ResourceRule(
    "encryption-at-rest",
    "Whatever stores data is encrypted with a KMS key of the stack.",
    "People's heart beats are health data: who may decrypt them is granted, logged and revoked by key.",
    _check,
)
