"""A KMS key that is disabled or being deleted encrypts for no service."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud import rds as rds_instances
from tests.fixtures.cloud import REGION, Cloud, code, code_of
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def unusable(cloud: Cloud) -> dict[str, str]:
    """ARNs of a key in each state that cannot encrypt."""
    kms = cloud.client("kms")
    keys = {name: kms.create_key()["KeyMetadata"]["Arn"] for name in ("disabled", "deleting")}
    kms.disable_key(KeyId=keys["disabled"])
    kms.schedule_key_deletion(KeyId=keys["deleting"])
    return {**keys, "unknown": f"arn:aws:kms:{REGION}:123456789012:key/00000000-0000-0000-0000-000000000000"}


STATES = ["disabled", "deleting", "unknown"]
WORDS = {"disabled": "is disabled", "deleting": "is being deleted", "unknown": f"does not exist in {REGION}"}


@pytest.mark.parametrize("state", STATES)
def test_no_engine_is_made_with_it(cloud: Cloud, unusable: dict[str, str], state: str) -> None:
    key = unusable[state]
    instance = {"DBInstanceIdentifier": "test-keys", "DBInstanceClass": "db.t4g.micro", "Engine": "postgres"}
    instance |= {"MasterUsername": "aura", "MasterUserPassword": "password123", "AllocatedStorage": 20}
    group = {"ReplicationGroupId": "test-keys", "ReplicationGroupDescription": "x", "CacheNodeType": "cache.t4g.micro"}
    brokers = {"InstanceType": "kafka.t3.small", "ClientSubnets": cloud.subnets}
    cluster = {"ClusterName": "test-keys", "KafkaVersion": "3.9.x.kraft", "NumberOfBrokerNodes": 3}
    cluster |= {"BrokerNodeGroupInfo": brokers, "EncryptionInfo": {"EncryptionAtRest": {"DataVolumeKMSKeyId": key}}}
    refusals: list[tuple[Any, dict[str, Any], str]] = [
        (
            cloud.client("rds").create_db_instance,
            {**instance, "StorageEncrypted": True, "KmsKeyId": key},
            "KMSKeyNotAccessibleFault",
        ),
        (
            cloud.client("elasticache").create_replication_group,
            {**group, "AtRestEncryptionEnabled": True, "KmsKeyId": key},
            "InvalidKMSKeyFault",
        ),
        (cloud.client("kafka").create_cluster, cluster, "BadRequestException"),
    ]
    for create, inputs, expected in refusals:
        with pytest.raises(ClientError, match=f"The KMS key {key} {WORDS[state]}") as refused:
            create(**inputs)
        assert code_of(refused.value) == expected


@pytest.mark.parametrize("state", STATES)
def test_no_service_of_records_encrypts_with_it(cloud: Cloud, unusable: dict[str, str], state: str) -> None:
    key, name = unusable[state], f"test-keys-{state}"
    create = cloud.client("secretsmanager").create_secret
    assert code(create, Name=name, SecretString="x", KmsKeyId=key) == "EncryptionFailure"
    create_group = cloud.client("logs").create_log_group
    assert code(create_group, logGroupName=name, kmsKeyId=key) == "InvalidParameterException"
    s3, sqs = cloud.client("s3"), cloud.client("sqs")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    of_s3 = {"disabled": "DisabledException", "deleting": "KMSInvalidStateException", "unknown": "NotFoundException"}
    put = {"Bucket": name, "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    assert code(s3.put_object, **put) == f"KMS.{of_s3[state]}"
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]})
    assert code(s3.put_object, Bucket=name, Key="k") == f"KMS.{of_s3[state]}"
    queue = sqs.create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    of_sqs = {"disabled": "KmsDisabled", "deleting": "KmsInvalidState", "unknown": "KmsNotFound"}
    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert of_sqs[state] in code_of(refused.value)


def test_what_it_encrypted_cannot_be_read_until_it_is_enabled(cloud: Cloud) -> None:
    kms, vault, s3 = cloud.client("kms"), cloud.client("secretsmanager"), cloud.client("s3")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    vault.create_secret(Name="test-keys-read", SecretString="x", KmsKeyId=key)
    s3.create_bucket(Bucket="test-keys-read", CreateBucketConfiguration={"LocationConstraint": REGION})
    at = {"Bucket": "test-keys-read", "Key": "k"}
    s3.put_object(**at, Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    kms.disable_key(KeyId=key)
    assert code(vault.get_secret_value, SecretId="test-keys-read") == "DecryptionFailure"
    assert code(s3.get_object, **at) == "KMS.DisabledException"
    kms.enable_key(KeyId=key)
    assert vault.get_secret_value(SecretId="test-keys-read")["SecretString"] == "x"
    assert s3.get_object(**at)["Body"].read() == b"x"


@pytest.mark.parametrize(("usage", "spec"), [("GENERATE_VERIFY_MAC", "HMAC_256"), ("SIGN_VERIFY", "ECC_NIST_P256")])
def test_a_disabled_key_neither_signs_nor_verifies(cloud: Cloud, usage: str, spec: str) -> None:
    kms = cloud.client("kms")
    key = {"KeyId": kms.create_key(KeyUsage=usage, KeySpec=spec)["KeyMetadata"]["KeyId"]}
    if usage == "SIGN_VERIFY":
        how = {**key, "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
        make, check, made = kms.sign, kms.verify, {"Signature": kms.sign(**how)["Signature"]}
    else:
        how = {**key, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
        make, check, made = kms.generate_mac, kms.verify_mac, {"Mac": kms.generate_mac(**how)["Mac"]}
    kms.disable_key(**key)
    assert code(make, **how) == code(check, **how, **made) == "DisabledException"
    kms.schedule_key_deletion(**key)
    assert code(make, **how) == code(check, **how, **made) == "KMSInvalidStateException"
    kms.cancel_key_deletion(**key)
    kms.enable_key(**key)
    check(**how, **made)


def test_an_encrypted_database_is_not_copied_and_not_started_until_the_key_is_enabled(cloud: Cloud) -> None:
    rds, kms = cloud.client("rds"), cloud.client("kms")
    key, name = kms.create_key()["KeyMetadata"]["Arn"], "test-keys-encrypted"
    rds_instances.create(cloud, name, BackupRetentionPeriod=1, StorageEncrypted=True, KmsKeyId=key)
    rds_instances.available(cloud, name)
    rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name)

    def settled() -> bool:
        snapshots = rds.describe_db_snapshots(DBInstanceIdentifier=name)["DBSnapshots"]
        types = {each["SnapshotType"] for each in snapshots if each["Status"] == "available"}
        return types == {"manual", "automated"} and "LatestRestorableTime" in rds_instances.describe(cloud, name)

    until("both snapshots", settled)
    rds_instances.available(cloud, name)
    copies: list[tuple[Any, dict[str, Any]]] = [
        (
            rds.restore_db_instance_from_db_snapshot,
            {"DBInstanceIdentifier": "test-keys-restored", "DBSnapshotIdentifier": name},
        ),
        (
            rds.copy_db_snapshot,
            {"SourceDBSnapshotIdentifier": name, "TargetDBSnapshotIdentifier": "test-keys-copy"},
        ),
        (
            rds.copy_db_snapshot,
            {
                "SourceDBSnapshotIdentifier": name,
                "TargetDBSnapshotIdentifier": "test-keys-copy",
                "KmsKeyId": cloud.key,
            },
        ),
        (
            rds.create_db_instance_read_replica,
            {"DBInstanceIdentifier": "test-keys-replica", "SourceDBInstanceIdentifier": name},
        ),
        (
            rds.restore_db_instance_to_point_in_time,
            {
                "TargetDBInstanceIdentifier": "test-keys-restored",
                "SourceDBInstanceIdentifier": name,
                "UseLatestRestorableTime": True,
            },
        ),
    ]
    kms.disable_key(KeyId=key)
    for call, inputs in copies:
        with pytest.raises(ClientError, match="is disabled") as refused:
            call(**inputs)
        assert code_of(refused.value) == "KMSKeyNotAccessibleFault", inputs
    rds.stop_db_instance(DBInstanceIdentifier=name)
    until("it to stop", lambda: rds_instances.describe(cloud, name)["DBInstanceStatus"] == "stopped")
    assert code(rds.start_db_instance, DBInstanceIdentifier=name) == "KMSKeyNotAccessibleFault"
    kms.schedule_key_deletion(KeyId=key)
    assert code(rds.start_db_instance, DBInstanceIdentifier=name) == "KMSKeyNotAccessibleFault"
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    copied = rds.copy_db_snapshot(SourceDBSnapshotIdentifier=name, TargetDBSnapshotIdentifier="test-keys-copy")
    assert copied["DBSnapshot"]["KmsKeyId"] == key
    rds_instances.delete(cloud, name)
