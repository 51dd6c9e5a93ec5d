"""Credentials that are no longer good are refused, with the error of each protocol."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from local.cloud.authorization.credentials import State, refusal, state
from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.lookups import secret_of
from local.cloud.moto_backends.sts import keep_credentials
from tests.fixtures.cloud import REGION, Cloud, code_of

NOW = datetime.now(UTC)


def test_a_session_is_good_with_its_token_until_it_ends() -> None:
    role = iam_backends[ACCOUNT]["aws"].create_role("test-ends", "{}", "/", None, "", [], "3600")
    session = sts_backends[ACCOUNT]["aws"].assume_role(REGION, "s1", role.arn, "", 3600, "")
    key, token = session.access_key_id, session.session_token
    assert state(key, token, NOW) is State.GOOD
    assert state(key, token, NOW + timedelta(hours=2)) is State.ENDED
    assert state(key, "another", NOW) is State.ANOTHER_TOKEN
    assert state(key, "", NOW) is State.UNKNOWN
    sts_backends[ACCOUNT]["aws"].assumed_roles.remove(session)
    iam_backends[ACCOUNT]["aws"].access_keys.pop(key, None)
    assert state(key, token, NOW) is State.UNKNOWN  # not the account's own, which may do everything


def test_a_key_of_sts_is_good_until_it_ends() -> None:
    given: dict[str, Any] = {"Expiration": NOW.replace(tzinfo=None) + timedelta(hours=1)}
    keep_credentials(ActionResult({"Credentials": given}))
    key, token = given["AccessKeyId"], given["SessionToken"]
    assert state(key, token, NOW) is State.GOOD
    assert state(key, token, NOW + timedelta(hours=2)) is State.ENDED
    assert state(key, "another", NOW) is State.ANOTHER_TOKEN
    assert state(key, "", NOW) is State.UNKNOWN


@settings(deadline=None)
@given(st.text(max_size=20).filter(lambda key: not key.startswith(("AKIA", "ASIA"))), st.text(max_size=20))
def test_a_key_that_is_no_id_of_aws_is_the_accounts(key: str, token: str) -> None:
    assert state(key, token, NOW) is State.GOOD
    assert secret_of(key) == key


@settings(deadline=None)
@given(st.sampled_from(["AKIA", "ASIA"]), st.text(max_size=16), st.text(max_size=20))
def test_an_id_of_nobodys_key_is_unknown(begin: str, rest: str, token: str) -> None:
    assert state(begin + rest, token, NOW) is State.UNKNOWN
    assert secret_of(begin + rest) is None


def test_a_key_of_a_user_is_good_until_it_is_deleted() -> None:
    iam = iam_backends[ACCOUNT]["aws"]
    iam.create_user(REGION, "test-deleted")
    key = iam.create_access_key("test-deleted").access_key_id
    assert state(key, "", NOW) is State.GOOD
    iam.delete_access_key(key, "test-deleted")
    assert state(key, "", NOW) is State.UNKNOWN  # not the account's own, which may do everything


@pytest.mark.parametrize(
    ("service", "protocol", "unknown", "ended"),
    [
        ("s3", "rest-xml", "InvalidAccessKeyId", "ExpiredToken"),
        ("ec2", "ec2", "AuthFailure", "RequestExpired"),
        ("rds", "query", "InvalidClientTokenId", "ExpiredToken"),
        ("kms", "json", "UnrecognizedClientException", "ExpiredTokenException"),
        ("eks", "rest-json", "UnrecognizedClientException", "ExpiredTokenException"),
    ],
)
def test_each_protocol_has_its_error(service: str, protocol: str, unknown: str, ended: str) -> None:
    assert refusal(State.GOOD, service, protocol) is None
    errors = [refusal(found, service, protocol) for found in (State.UNKNOWN, State.ENDED)]
    assert [error.code if error else None for error in errors] == [unknown, ended]


@pytest.mark.integration
def test_the_endpoint_refuses_them(cloud: Cloud) -> None:
    given = cloud.client("sts").assume_role(RoleArn=cloud.role, RoleSessionName="s1")["Credentials"]
    keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}

    def client(service: str, token: str | None, **more: Any) -> Any:
        return boto3.client(  # pyright: ignore[reportCallIssue]
            service,  # pyright: ignore[reportArgumentType]
            region_name=REGION,
            endpoint_url=cloud.site.endpoint_url,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, signature_version="s3v4" if service == "s3" else None),
            **{**keys, **more},
        )

    assert client("sts", given["SessionToken"]).get_caller_identity()["Arn"].endswith("/s1")
    unknown = {"aws_access_key_id": "ASIA0000000000000000"}
    for token, more in ((None, {}), ("another", {}), ("another", unknown)):
        with pytest.raises(ClientError) as refused:
            client("sts", token, **more).get_caller_identity()
        assert code_of(refused.value) == "InvalidClientTokenId"
        with pytest.raises(ClientError) as refused:
            client("eks", token, **more).list_clusters()
        assert code_of(refused.value) == "UnrecognizedClientException"
    for token, status in ((None, 403), ("another", 400)):
        url = client("s3", token).generate_presigned_url("get_object", {"Bucket": "any", "Key": "k"})
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(url, timeout=5)
        assert answer.value.code == status


@pytest.mark.integration
def test_a_key_that_is_switched_off_is_refused(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="test-off")
    made = iam.create_access_key(UserName="test-off")["AccessKey"]
    key, secret = made["AccessKeyId"], made["SecretAccessKey"]
    cloud.client("rds", key=key, secret=secret).describe_db_instances()
    iam.update_access_key(UserName="test-off", AccessKeyId=key, Status="Inactive")
    with pytest.raises(ClientError) as refused:
        cloud.client("rds", key=key, secret=secret).describe_db_instances()
    assert code_of(refused.value) == "InvalidClientTokenId"


@pytest.mark.integration
@pytest.mark.parametrize("operation", ["get_session_token", "get_federation_token"])
def test_a_key_of_sts_is_good_with_its_token(cloud: Cloud, operation: str) -> None:
    name = {"Name": "test-federated"} if operation == "get_federation_token" else {}
    given = getattr(cloud.client("sts"), operation)(DurationSeconds=900, **name)["Credentials"]
    assert timedelta(minutes=14) < given["Expiration"] - datetime.now(UTC) <= timedelta(minutes=15)

    def list_clusters(token: str | None) -> None:
        boto3.client(
            "eks",
            region_name=REGION,
            endpoint_url=cloud.site.endpoint_url,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=token,
        ).list_clusters()

    list_clusters(given["SessionToken"])
    for token in (None, "another"):
        with pytest.raises(ClientError) as refused:
            list_clusters(token)
        assert code_of(refused.value) == "UnrecognizedClientException"
