"""Whom the endpoint answers: signed requests, in regions that are here."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.cloud.signed import headers
from tests.fixtures.cloud import KEY, REGION, Cloud, code, code_of

pytestmark = pytest.mark.integration


UNSIGNED_CALLS = [
    *(("rds", "describe_db_instances", {}), ("eks", "list_clusters", {}), ("kafka", "list_clusters", {})),
    *(("elasticache", "describe_cache_clusters", {}), ("ec2", "describe_vpcs", {}), ("kms", "list_keys", {})),
    *(("iam", "list_roles", {}), ("sts", "get_caller_identity", {}), ("route53", "list_hosted_zones", {})),
    *(("cloudfront", "list_distributions", {}), ("logs", "describe_log_groups", {}), ("sqs", "list_queues", {})),
    *(("scheduler", "list_schedules", {}), ("apigatewayv2", "get_apis", {}), ("sesv2", "list_email_identities", {})),
    *(("backup", "list_backup_plans", {}), ("xray", "get_groups", {}), ("vpc-lattice", "list_services", {})),
]


@pytest.mark.parametrize(("service", "operation", "inputs"), UNSIGNED_CALLS, ids=[s for s, *_ in UNSIGNED_CALLS])
def test_requests_without_signature_are_refused(
    cloud: Cloud, service: str, operation: str, inputs: dict[str, Any]
) -> None:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    client: Any = boto3.client(service, region_name=REGION, endpoint_url=cloud.site.endpoint_url, config=config)  # pyright: ignore[reportCallIssue, reportArgumentType]
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**inputs)
    assert code_of(refused.value) == "MissingAuthenticationToken"
    assert refused.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 403


def test_s3_denies_anonymous_requests(cloud: Cloud) -> None:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    s3 = boto3.client("s3", region_name=REGION, endpoint_url=cloud.site.endpoint_url, config=config)
    assert code(s3.get_object, Bucket="none", Key="k") == "AccessDenied"


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/iam"])
def test_motos_own_interface_is_not_here(cloud: Cloud, path: str) -> None:
    url = cloud.site.endpoint_url + path
    for sent, status in (({}, 403), (headers("s3", url), 501)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, b"", sent), timeout=5)
        assert refused.value.code == status


@pytest.mark.parametrize("region", ["us-nowhere-1", "eu-west-1"])
@pytest.mark.parametrize("service", ["rds", "eks", "ec2", "kms", "secretsmanager", "acm", "sqs", "s3", "ssm"])
def test_regional_services_refuse_other_regions_alike(cloud: Cloud, service: str, region: str) -> None:
    operation = {
        **{"rds": "describe_db_instances", "eks": "list_clusters", "ec2": "describe_vpcs", "kms": "list_keys"},
        **{"secretsmanager": "list_secrets", "acm": "list_certificates", "sqs": "list_queues", "s3": "list_buckets"},
        "ssm": "describe_parameters",
    }[service]
    with pytest.raises(ClientError, match=region) as refused:
        getattr(cloud.client(service, region=region), operation)()
    assert code_of(refused.value) == "NotImplemented"


@pytest.mark.parametrize("service", ["iam", "sts", "route53", "cloudfront"])
def test_global_services_answer_to_every_region_that_exists(cloud: Cloud, service: str) -> None:
    operation = {"iam": "list_roles", "sts": "get_caller_identity", "route53": "list_hosted_zones"}.get(service)
    operation = operation or "list_distributions"
    getattr(cloud.client(service, region="eu-west-1"), operation)()
    assert code(getattr(cloud.client(service, region="us-nowhere-1"), operation)) == "NotImplemented"


WRONG = {
    **{"rds": "SignatureDoesNotMatch", "s3": "SignatureDoesNotMatch", "sqs": "InvalidSignatureException"},
    **{"eks": "InvalidSignatureException", "kms": "InvalidSignatureException", "ec2": "AuthFailure"},
}
"""By service: its error for a signature that is not made with the secret of its key."""
READS = {"rds": "describe_db_instances", "s3": "list_buckets", "sqs": "list_queues", "eks": "list_clusters"}
READS |= {"kms": "list_keys", "ec2": "describe_vpcs"}


@pytest.mark.parametrize("service", WRONG)
def test_a_signature_is_made_with_the_secret_of_its_key(cloud: Cloud, service: str) -> None:
    getattr(cloud.client(service), READS[service])()
    assert code(getattr(cloud.client(service, secret="another"), READS[service])) == WRONG[service]


def test_a_session_or_a_user_is_known_by_secret_not_by_key(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="test-secret")
    user = iam.create_access_key(UserName="test-secret")["AccessKey"]
    assert code(cloud.client("rds", key=user["AccessKeyId"]).describe_db_instances) == "SignatureDoesNotMatch"
    session = cloud.client("sts").assume_role(RoleArn=cloud.role, RoleSessionName="s1")["Credentials"]
    url, body = cloud.site.endpoint_url + "/", b"Action=GetCallerIdentity&Version=2011-06-15"
    for secret, status in ((session["SecretAccessKey"], 200), (user["SecretAccessKey"], 403)):
        form, token = {"Content-Type": "application/x-www-form-urlencoded"}, session["SessionToken"]
        sent = headers("sts", url, "POST", body, form, secret, token, session["AccessKeyId"])
        assert asked(url, body, sent) == status
        assert asked(url, body.replace(b"-15", b"-16"), sent) == 403  # another body


def test_one_request_has_one_signature(cloud: Cloud) -> None:
    url = cloud.client("s3").generate_presigned_url("list_buckets").replace(f"{KEY}%2F", "another%2F")
    assert asked(url, None, headers("s3", cloud.site.endpoint_url + "/", "GET")) == 400


def asked(url: str, body: bytes | None, sent: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, sent), timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def fetched(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        assert b"<Code>" in error.read()
        return error.code


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls_end_and_need_the_right_signature(cloud: Cloud, version: str) -> None:
    bucket = f"test-presigned-{version}"
    cloud.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    cloud.client("s3").put_object(Bucket=bucket, Key="a b/ü", Body=b"x")

    def url(seconds: int, secret: str = "tester") -> str:
        s3 = boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=cloud.site.endpoint_url,
            aws_access_key_id="tester",
            aws_secret_access_key=secret,
            config=Config(signature_version=version),
        )
        return s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b/ü"}, ExpiresIn=seconds)

    assert fetched(url(60)) == 200
    assert fetched(url(-5)) in (400, 403)
    assert fetched(url(60, "another")) == 403
    assert fetched(url(60).replace("a%20b", "a%20c")) == 403
    assert fetched(url(60) + "&response-content-type=text/html") == 403
