"""Keys that KMS does not make, use or let go, with its code, and those that it does."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from local.cloud.strict.kms import creation, lockout
from tests.fixtures.cloud import REGION, Cloud, code

pytestmark = pytest.mark.integration

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ci"
ALL = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
LOCKED_OUT = "MalformedPolicyDocumentException"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


SERVICE_ONLY = policy({**ALL, "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "kms:Encrypt"})


def test_scheduled_deletion_has_a_window_of_7_to_30_days_and_is_described(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]
    for days in (1, 6, 31):
        refused = code(kms.schedule_key_deletion, KeyId=key["KeyId"], PendingWindowInDays=days)
        assert refused == "ValidationException", days
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
    answer = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"], answer["PendingWindowInDays"]) == (key["Arn"], "PendingDeletion", 7)
    assert answer["DeletionDate"] == kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["DeletionDate"]
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    assert kms.schedule_key_deletion(KeyId=key["Arn"])["PendingWindowInDays"] == 30


def test_a_primary_that_waits_for_its_replica_has_no_date_of_deletion(cloud: Cloud) -> None:
    kms, east = cloud.client("kms"), cloud.client("kms", "us-east-1")
    key = {"KeyId": kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]}
    kms.replicate_key(**key, ReplicaRegion="us-east-1")
    answer = kms.schedule_key_deletion(**key)
    assert answer["KeyState"] == "PendingReplicaDeletion"
    assert "DeletionDate" not in answer
    assert east.schedule_key_deletion(**key)["KeyState"] == "PendingDeletion"


def test_a_key_policy_does_not_lock_its_writer_out(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    assert code(kms.create_key, Policy=SERVICE_ONLY) == LOCKED_OUT
    key = {"KeyId": kms.create_key()["KeyMetadata"]["KeyId"], "PolicyName": "default"}
    before = kms.get_key_policy(**key)["Policy"]
    for refused in (SERVICE_ONLY, policy({**ALL, "Principal": {"AWS": ROLE}}), "no JSON", "[]"):
        assert code(kms.put_key_policy, **key, Policy=refused) == LOCKED_OUT, refused
    assert kms.get_key_policy(**key)["Policy"] == before
    kms.put_key_policy(**key, Policy=SERVICE_ONLY, BypassPolicyLockoutSafetyCheck=True)
    kms.put_key_policy(**key, Policy=policy(ALL))
    assert json.loads(kms.get_key_policy(**key)["Policy"]) == json.loads(policy(ALL))


@pytest.mark.parametrize(
    ("statements", "refused"),
    [
        ([ALL], False),
        ([{**ALL, "Principal": "*"}], False),
        ([{**ALL, "Principal": {"AWS": ["1" * 12, ACCOUNT]}}], False),
        ([{**ALL, "Principal": {"AWS": ROLE}, "Action": ["kms:Put*", "kms:Get*"]}], False),
        ([{**ALL, "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}}}], False),
        ([{**ALL, "NotAction": "kms:Decrypt", "Action": []}], False),
        (
            [ALL, {**ALL, "Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}],
            False,
        ),
        ([ALL, {**ALL, "Effect": "Deny", "Principal": {"AWS": f"{ROLE}2"}}], False),
        ([ALL, {**ALL, "Effect": "Deny", "Principal": "*"}], True),
        ([ALL, {**ALL, "Effect": "Deny", "Principal": {"AWS": ROLE}}], True),
        ([{**ALL, "Action": "kms:Encrypt"}], True),
        ([{**ALL, "Principal": {"AWS": f"{ROLE}2"}}], True),
        ([], True),
    ],
)
def test_who_can_change_a_key_policy_again(statements: list[dict[str, Any]], refused: bool) -> None:
    assert (lockout.refusal(policy(*statements), {ROLE}, ACCOUNT) is not None) is refused


@pytest.mark.parametrize(
    ("principal", "refused"), [(ROLE, False), (SESSION, False), (f"{SESSION}2", True), (f"{ROLE}/{SESSION}", True)]
)
def test_a_session_is_its_role_and_itself(principal: str, refused: bool) -> None:
    named = {**ALL, "Principal": {"AWS": principal}}
    for role in (ROLE, ROLE.replace("role/", "role/a/path/")):
        callers = lockout.names(role, "ci", ACCOUNT) | {ROLE}
        assert (lockout.refusal(policy(named), callers, ACCOUNT) is not None) is refused
        assert (lockout.refusal(policy(ALL, {**named, "Effect": "Deny"}), callers, ACCOUNT) is not None) is not refused
    assert lockout.names(ROLE, "", ACCOUNT) == {ROLE}


def test_a_session_may_name_itself_in_the_policy_of_its_key(cloud: Cloud) -> None:
    iam, trust = cloud.client("iam"), {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="deploy", Path="/a/", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    iam.put_role_policy(RoleName="deploy", PolicyName="p", PolicyDocument=policy(allowed))
    given = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="ci")["Credentials"]
    kms = boto3.client(
        "kms",
        region_name=REGION,
        endpoint_url=cloud.site.endpoint_url,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    kms.create_key(Policy=policy({**ALL, "Principal": {"AWS": SESSION}}))
    assert code(kms.create_key, Policy=policy({**ALL, "Principal": {"AWS": f"{SESSION}2"}})) == LOCKED_OUT


def test_a_key_does_what_it_is_for(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    signing = {"KeyId": kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["KeyId"]}
    plain, how = {"KeyId": cloud.key}, {"Message": b"x", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    assert code(kms.encrypt, **signing, Plaintext=b"x") == "InvalidKeyUsageException"
    assert code(kms.generate_data_key, **signing, KeySpec="AES_256") == "InvalidKeyUsageException"
    assert code(kms.sign, **plain, **how) == "InvalidKeyUsageException"
    mac = {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    assert code(kms.generate_mac, **plain, **mac) == "InvalidKeyUsageException"
    kms.sign(**signing, **how)
    secret = kms.encrypt(**plain, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"x"


def test_only_symmetric_encryption_keys_are_rotated(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    for usage, spec in (("SIGN_VERIFY", "ECC_NIST_P256"), ("GENERATE_VERIFY_MAC", "HMAC_256")):
        key = {"KeyId": kms.create_key(KeyUsage=usage, KeySpec=spec)["KeyMetadata"]["KeyId"]}
        assert code(kms.enable_key_rotation, **key) == "UnsupportedOperationException"
    key = {"KeyId": kms.create_key()["KeyMetadata"]["KeyId"]}
    kms.enable_key_rotation(**key)
    assert kms.get_key_rotation_status(**key)["KeyRotationEnabled"] is True


def test_a_key_has_a_usage_of_its_spec_and_no_tags_of_aws(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    assert code(kms.create_key, KeyUsage="ENCRYPT_DECRYPT", KeySpec="ECC_NIST_P256") == "ValidationException"
    assert code(kms.create_key, KeySpec="RSA_2048") == "ValidationException"
    tags = [{"TagKey": "aws:x", "TagValue": "1"}]
    assert code(kms.create_key, Tags=tags) == "TagException"
    assert code(kms.tag_resource, KeyId=cloud.key, Tags=tags) == "TagException"
    kms.tag_resource(KeyId=cloud.key, Tags=[{"TagKey": "x:aws:", "TagValue": "1"}])


@pytest.mark.parametrize(
    ("spec", "usage", "refused"),
    [
        *(("SYMMETRIC_DEFAULT", usage, False) for usage in (None, "ENCRYPT_DECRYPT")),
        *(("RSA_4096", usage, False) for usage in ("ENCRYPT_DECRYPT", "SIGN_VERIFY")),
        *(("ECC_NIST_P384", usage, False) for usage in ("SIGN_VERIFY", "KEY_AGREEMENT")),
        ("HMAC_512", "GENERATE_VERIFY_MAC", False),
        ("SYMMETRIC_DEFAULT", "SIGN_VERIFY", True),
        ("HMAC_224", "ENCRYPT_DECRYPT", True),
        ("ECC_SECG_P256K1", "KEY_AGREEMENT", True),
        ("RSA_2048", "GENERATE_VERIFY_MAC", True),
    ],
)
def test_specs_and_usages(spec: str, usage: str | None, refused: bool) -> None:
    assert (creation.refusal(spec, usage) is not None) is refused
