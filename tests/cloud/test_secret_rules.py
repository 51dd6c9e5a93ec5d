"""Secrets that Secrets Manager refuses, with its code, and bodies that no JSON service reads."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from local.cloud.strict.secretsmanager import refusal_of_name
from tests.cloud.signed import headers as signed_headers
from tests.fixtures.cloud import Cloud, code

pytestmark = pytest.mark.integration

LARGEST = 65_536


def test_names_have_the_characters_of_names(cloud: Cloud) -> None:
    create = cloud.client("secretsmanager").create_secret
    for name in ("a b", "a:b", "a*", "ä"):
        assert code(create, Name=name, SecretString="x") == "ValidationException", name
    assert refusal_of_name("rds!aZ09/_+=.@-") is None
    assert refusal_of_name("x" * 512) is None
    assert refusal_of_name("x" * 513) is not None


def test_a_value_has_65536_bytes_at_most(cloud: Cloud) -> None:
    vault = cloud.client("secretsmanager")
    assert code(vault.create_secret, Name="test-rules-size", SecretString="x" * (LARGEST + 1)) == "ValidationException"
    vault.create_secret(Name="test-rules-size", SecretString="x" * LARGEST)
    known = {"SecretId": "test-rules-size"}
    for value in ({"SecretString": "ä" * (LARGEST // 2 + 1)}, {"SecretBinary": b"x" * (LARGEST + 1)}):
        assert code(vault.put_secret_value, **known, **value) == "ValidationException"
        assert code(vault.update_secret, **known, **value) == "ValidationException"
    assert vault.get_secret_value(**known)["SecretString"] == "x" * LARGEST
    vault.put_secret_value(**known, SecretBinary=b"x" * LARGEST)
    vault.delete_secret(**known, ForceDeleteWithoutRecovery=True)


def test_a_value_is_text_or_binary(cloud: Cloud) -> None:
    vault, both = cloud.client("secretsmanager"), {"SecretString": "y", "SecretBinary": b"x"}
    assert code(vault.create_secret, Name="test-rules-both", **both) == "InvalidParameterException"
    assert code(vault.describe_secret, SecretId="test-rules-both") == "ResourceNotFoundException"
    vault.create_secret(Name="test-rules-both", SecretString="x")
    assert code(vault.put_secret_value, SecretId="test-rules-both", **both) == "InvalidParameterException"
    assert code(vault.update_secret, SecretId="test-rules-both", **both) == "InvalidParameterException"
    vault.update_secret(SecretId="test-rules-both", SecretBinary=b"x")
    assert vault.get_secret_value(SecretId="test-rules-both")["SecretBinary"] == b"x"
    vault.delete_secret(SecretId="test-rules-both", ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize(
    ("service", "target"),
    [
        *(("secretsmanager", f"secretsmanager.{name}") for name in ("GetSecretValue", "ListSecrets")),
        *(("kms", f"TrentService.{name}") for name in ("Encrypt", "ListKeys")),
        *(("logs", "Logs_20140328.DescribeLogGroups"), ("sqs", "AmazonSQS.ListQueues")),
        ("ssm", "AmazonSSM.PutParameter"),
    ],
)
@pytest.mark.parametrize("body", [b"null", b"[]", b"3", b'"x"', b'{"a":'])
def test_a_body_that_is_no_object_is_the_callers_mistake(cloud: Cloud, service: str, target: str, body: bytes) -> None:
    url, kind = cloud.site.endpoint_url, {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
    headers = signed_headers(service, url, "POST", body, kind)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5)
    answer = json.loads(refused.value.read())
    assert (refused.value.code, answer["__type"].rpartition("#")[2]) == (400, "SerializationException")
