"""moto's services refuse what AWS refuses, with AWS's code."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud.strict.cloudfront.managed import CACHE
from tests.cloud.signed import headers as signed_headers
from tests.fixtures.cloud import REGION, Cloud, code

pytestmark = pytest.mark.integration

CACHED = {"CachePolicyId": CACHE["CachingOptimized"]}
TRUST = '{"Version": "2012-10-17", "Statement": []}'


# --- errors that moto does not foresee

EC2_ID = "0123456789abcdef0"
UNFORESEEN: list[tuple[str, str, dict[str, Any], str]] = [
    ("cloudfront", "get_public_key", {"Id": "none"}, "NoSuchPublicKey"),
    ("cloudfront", "get_key_group", {"Id": "none"}, "NoSuchResource"),
    ("cloudfront", "delete_origin_access_control", {"Id": "none", "IfMatch": "x"}, "NoSuchOriginAccessControl"),
    (
        "ec2",
        "enable_transit_gateway_route_table_propagation",
        {"TransitGatewayRouteTableId": f"tgw-rtb-{EC2_ID}", "TransitGatewayAttachmentId": f"tgw-attach-{EC2_ID}"},
        "InvalidRouteTableID.NotFound",
    ),
    (
        "ec2",
        "disable_transit_gateway_route_table_propagation",
        {"TransitGatewayRouteTableId": f"tgw-rtb-{EC2_ID}", "TransitGatewayAttachmentId": f"tgw-attach-{EC2_ID}"},
        "InvalidRouteTableID.NotFound",
    ),
    ("ec2", "modify_transit_gateway", {"TransitGatewayId": f"tgw-{EC2_ID}"}, "InvalidTransitGatewayID.NotFound"),
    (
        "ec2",
        "modify_transit_gateway_vpc_attachment",
        {"TransitGatewayAttachmentId": f"tgw-attach-{EC2_ID}"},
        "InvalidTransitGatewayAttachmentID.NotFound",
    ),
    ("ec2", "modify_managed_prefix_list", {"PrefixListId": f"pl-{EC2_ID}"}, "InvalidPrefixListID.NotFound"),
    ("cloudfront", "list_distributions", {"Marker": "none"}, "InvalidArgument"),
    ("s3", "create_bucket_metadata_table_configuration", {}, "NotImplemented"),
    ("sts", "assume_role_with_saml", {}, "InvalidIdentityToken"),
    ("xray", "get_trace_summaries", {"StartTime": 1, "EndTime": 2, "FilterExpression": "x"}, "NotImplemented"),
    ("support", "describe_cases", {"caseIdList": ["none"]}, "CaseIdNotFound"),
]


@pytest.mark.parametrize(
    ("service", "operation", "inputs", "expected"), UNFORESEEN, ids=[f"{s}-{o}" for s, o, *_ in UNFORESEEN]
)
def test_unknown_resources_are_the_services_own_errors(
    cloud: Cloud, service: str, operation: str, inputs: dict[str, Any], expected: str
) -> None:
    if service == "s3":
        cloud.client("s3").create_bucket(
            Bucket="test-metadata", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        destination = {"TableBucketArn": "arn:aws:s3tables:us-west-2:123456789012:bucket/b", "TableName": "t"}
        inputs = {"Bucket": "test-metadata", "MetadataTableConfiguration": {"S3TablesDestination": destination}}
    if operation == "assume_role_with_saml":
        inputs = {"RoleArn": cloud.role, "PrincipalArn": cloud.role, "SAMLAssertion": "bm90IFNBTUw="}
    assert code(getattr(cloud.client(service), operation), **inputs) == expected


def test_bodies_that_s3_cannot_read_are_the_callers_mistake(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="test-bodies", CreateBucketConfiguration={"LocationConstraint": REGION})
    upload = s3.create_multipart_upload(Bucket="test-bodies", Key="k")["UploadId"]
    chunked = {"Content-Encoding": "aws-chunked", "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
    for path, method, body, headers, status, name in (
        (f"/test-bodies/k?uploadId={upload}", "POST", b"", {}, 400, b"MalformedXML"),
        (f"/test-bodies/k?uploadId={upload}", "POST", b"<Bad", {}, 400, b"MalformedXML"),
        ("/test-bodies?versioning", "PUT", b"<Bad", {}, 400, b"MalformedXML"),
        ("/test-bodies?tagging", "PUT", b"<Bad", {}, 400, b"MalformedXML"),  # which has no rule
        ("/test-bodies/k", "PUT", b"", chunked, 411, b"MissingContentLength"),
    ):
        url = cloud.site.endpoint_url + path
        signed = signed_headers("s3", url, method, body, headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, body, signed, method=method), timeout=5)
        codes = re.findall(b"<Code>(.*)</Code>", refused.value.read())
        assert (path, refused.value.code, codes) == (path, status, [name])


def test_a_key_of_a_stack_needs_no_policy_and_support_no_region(cloud: Cloud) -> None:
    cloudformation, kms = cloud.client("cloudformation"), cloud.client("kms")
    body = json.dumps({"Resources": {"K": {"Type": "AWS::KMS::Key", "Properties": {"Description": "x"}}}})
    cloudformation.create_stack(StackName="test-key", TemplateBody=body)
    (key,) = cloudformation.describe_stack_resources(StackName="test-key")["StackResources"]
    id = key["PhysicalResourceId"]
    assert json.loads(kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"])["Statement"]
    kms.schedule_key_deletion(KeyId=id)
    assert cloud.client("support").describe_cases()["cases"] == []


def test_a_role_that_is_not_in_the_profile_is_no_such_entity(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_instance_profile(InstanceProfileName="test-profile")
    assert cloud.role
    inputs = {"InstanceProfileName": "test-profile", "RoleName": "any"}
    assert code(iam.remove_role_from_instance_profile, **inputs) == "NoSuchEntity"


def test_a_gateway_endpoint_without_route_tables_can_be_deleted(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    made = ec2.create_vpc_endpoint(VpcId=cloud.vpc, ServiceName=f"com.amazonaws.{REGION}.dynamodb")["VpcEndpoint"]
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["Unsuccessful"] == []


# --- services


def test_disabled_and_deleted_keys_do_nothing(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/test-state", TargetKeyId=key)
    secret = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    for name in (key, "alias/test-state"):
        assert code(kms.encrypt, KeyId=name, Plaintext=b"x") == "DisabledException"
    assert code(kms.decrypt, CiphertextBlob=secret) == "DisabledException"
    assert code(kms.generate_data_key, KeyId=key, KeySpec="AES_256") == "DisabledException"
    assert code(kms.re_encrypt, CiphertextBlob=secret, DestinationKeyId=cloud.key) == "DisabledException"
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"x"
    kms.schedule_key_deletion(KeyId=key)
    assert code(kms.encrypt, KeyId=key, Plaintext=b"x") == "KMSInvalidStateException"
    assert code(kms.enable_key, KeyId=key) == "KMSInvalidStateException"
    assert code(kms.schedule_key_deletion, KeyId=key) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key)
    assert code(kms.cancel_key_deletion, KeyId=key) == "KMSInvalidStateException"


def template(type: str) -> str:
    return json.dumps({"Resources": {"R": {"Type": type, "Properties": {"BucketName": "test-stack-bucket"}}}})


@pytest.mark.parametrize(
    "type",
    [
        *("AWS::RDS::DBInstance", "AWS::EKS::Cluster", "AWS::MSK::Cluster", "AWS::ElastiCache::ReplicationGroup"),
        *("AWS::Lambda::Function", "AWS::No::Such", "Custom::Thing"),
    ],
)
def test_stacks_of_what_would_not_exist_are_refused(cloud: Cloud, type: str) -> None:
    cloudformation = cloud.client("cloudformation")
    inputs = {"StackName": "test-refused", "TemplateBody": template(type)}
    assert code(cloudformation.create_stack, **inputs) == "NotImplemented"
    assert (
        code(cloudformation.create_change_set, ChangeSetName="c", ChangeSetType="CREATE", **inputs) == "NotImplemented"
    )
    stacks = cloudformation.list_stacks()["StackSummaries"]
    assert "test-refused" not in {stack["StackName"] for stack in stacks}


def test_a_stack_cannot_be_updated_to_what_would_not_exist(cloud: Cloud) -> None:
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName="test-update", TemplateBody=template("AWS::S3::Bucket"))
    body = template("AWS::RDS::DBInstance")
    assert code(cloudformation.update_stack, StackName="test-update", TemplateBody=body) == "NotImplemented"
    assert (
        code(cloudformation.create_change_set, StackName="test-update", ChangeSetName="c", TemplateBody=body)
        == "NotImplemented"
    )
    found = cloudformation.describe_stack_resources(StackName="test-update")["StackResources"]
    assert [each["ResourceType"] for each in found] == ["AWS::S3::Bucket"]
    cloudformation.delete_stack(StackName="test-update")


def test_keys_and_their_groups_stay_while_they_are_used(cloud: Cloud) -> None:
    cloudfront = cloud.client("cloudfront", region="us-east-1")
    config = {"CallerReference": "test-keys", "Name": "test-keys", "EncodedKey": "-----BEGIN PUBLIC KEY-----"}
    key = cloudfront.create_public_key(PublicKeyConfig=config)
    key_id = key["PublicKey"]["Id"]
    wrong = {"Name": "test-keys", "Items": ["K0"]}
    assert code(cloudfront.create_key_group, KeyGroupConfig=wrong) == "InvalidArgument"
    group = cloudfront.create_key_group(KeyGroupConfig={"Name": "test-keys", "Items": [key_id]})
    group_id = group["KeyGroup"]["Id"]
    assert code(cloudfront.update_key_group, Id=group_id, IfMatch="x", KeyGroupConfig=wrong) == "PreconditionFailed"
    assert code(cloudfront.delete_public_key, Id=key_id, IfMatch=key["ETag"]) == "PublicKeyInUse"
    origin = {"Id": "o", "DomainName": "o.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    behavior: dict[str, Any] = {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only", **CACHED}

    def signed_by(group: str) -> dict[str, Any]:
        groups = {"Enabled": True, "Quantity": 1, "Items": [group]}
        return {
            "CallerReference": "test-keys",
            "Comment": "",
            "Enabled": False,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {**behavior, "TrustedKeyGroups": groups},
        }

    refused = code(cloudfront.create_distribution, DistributionConfig=signed_by("none"))
    assert refused == "TrustedKeyGroupDoesNotExist"
    made = cloudfront.create_distribution(DistributionConfig=signed_by(group_id))
    assert code(cloudfront.delete_key_group, Id=group_id, IfMatch=group["ETag"]) == "ResourceInUse"
    cloudfront.delete_distribution(Id=made["Distribution"]["Id"], IfMatch=made["ETag"])
    renamed = {"Name": "test-keys-2", "Items": [key_id]}
    changed = cloudfront.update_key_group(Id=group_id, IfMatch=group["ETag"], KeyGroupConfig=renamed)
    assert cloudfront.get_key_group(Id=group_id)["KeyGroup"]["KeyGroupConfig"]["Name"] == "test-keys-2"
    cloudfront.delete_key_group(Id=group_id, IfMatch=changed["ETag"])
    cloudfront.delete_public_key(Id=key_id, IfMatch=key["ETag"])
    assert code(cloudfront.get_key_group, Id=group_id) == "NoSuchResource"


def test_distributions_have_versions_and_are_disabled_before_they_are_deleted(cloud: Cloud) -> None:
    cloudfront = cloud.client("cloudfront", region="us-east-1")
    origin = {"Id": "o", "DomainName": "o.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    config = {
        "CallerReference": "test-versions",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only", **CACHED},
    }
    made = cloudfront.create_distribution(DistributionConfig=config)
    id, first = made["Distribution"]["Id"], made["ETag"]
    paths = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "test-versions"}
    invalidation = cloudfront.create_invalidation(DistributionId=id, InvalidationBatch=paths)["Invalidation"]["Id"]
    cloudfront.get_waiter("invalidation_completed").wait(
        DistributionId=id, Id=invalidation, WaiterConfig={"Delay": 1, "MaxAttempts": 2}
    )
    assert code(cloudfront.delete_distribution, Id=id, IfMatch=first) == "DistributionNotDisabled"
    assert code(cloudfront.delete_distribution, Id=id) == "InvalidIfMatchVersion"
    disabled = {**cloudfront.get_distribution_config(Id=id)["DistributionConfig"], "Enabled": False}
    second = cloudfront.update_distribution(Id=id, IfMatch=first, DistributionConfig=disabled)["ETag"]
    assert second != first
    assert (
        code(cloudfront.update_distribution, Id=id, IfMatch=first, DistributionConfig=disabled) == "PreconditionFailed"
    )
    assert code(cloudfront.delete_distribution, Id=id, IfMatch=first) == "PreconditionFailed"
    cloudfront.delete_distribution(Id=id, IfMatch=second)


def test_names_of_secrets_are_taken_until_their_recovery_window_ends(cloud: Cloud) -> None:
    vault = cloud.client("secretsmanager")
    vault.create_secret(Name="test-window", SecretString="x")
    vault.delete_secret(SecretId="test-window", RecoveryWindowInDays=7)
    assert code(vault.create_secret, Name="test-window", SecretString="y") == "InvalidRequestException"
    assert code(vault.put_secret_value, SecretId="test-window", SecretString="y") == "InvalidRequestException"
    tags = [{"Key": "a", "Value": "b"}]
    assert code(vault.tag_resource, SecretId="test-window", Tags=tags) == "InvalidRequestException"
    vault.delete_secret(SecretId="test-window", ForceDeleteWithoutRecovery=True)
    vault.create_secret(Name="test-window", SecretString="y")
    with pytest.raises(ClientError) as refused:
        vault.get_secret_value(SecretId="test-none")
    assert refused.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 400


def test_only_roles_that_exist_can_be_assumed(cloud: Cloud) -> None:
    sts = cloud.client("sts")
    for arn in ("any", "arn:aws:iam::123456789012:user/any", "arn:aws:iam::12:role/any"):
        assert code(sts.assume_role, RoleArn=arn.ljust(20, "x"), RoleSessionName="s1") == "ValidationError"
    none = "arn:aws:iam::123456789012:role/test-none"
    assert code(sts.assume_role, RoleArn=none, RoleSessionName="s1") == "AccessDenied"
    session = sts.assume_role(RoleArn=cloud.role, RoleSessionName="s1")["Credentials"]
    assert session["AccessKeyId"].startswith("ASIA")
    assert sts.get_session_token()["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"
    as_role = boto3.client(
        "sts",
        region_name=REGION,
        endpoint_url=cloud.site.endpoint_url,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    assert as_role.get_caller_identity()["Arn"].endswith(":assumed-role/any/s1")
    assert code(as_role.get_session_token) == "AccessDenied"


def test_a_receiver_that_waits_keeps_nobody_from_sending(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName="test-wait")["QueueUrl"]
    assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []) == []
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        sqs.send_message(QueueUrl=queue, MessageBody="hello")
        assert [message["Body"] for message in waiting.result(timeout=15)["Messages"]] == ["hello"]
