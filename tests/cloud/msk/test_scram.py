"""Clients reach the brokers over TLS, and by the names and passwords of the associated secrets."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.cimpl import KafkaError, NewTopic

from local.engines.certificates import Authority
from tests.cloud.msk.conftest import Msk
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def ann(msk: Msk, cluster: str) -> dict[str, str]:
    """Credentials that the brokers know."""
    arn = msk.secret("AmazonMSK_ann", "ann", "first-password")
    answer = msk.api.batch_associate_scram_secret(ClusterArn=cluster, SecretArnList=[arn])
    assert answer["UnprocessedScramSecrets"] == []
    assert msk.api.list_scram_secrets(ClusterArn=cluster)["SecretArnList"] == [arn]
    credentials = {"sasl.username": "ann", "sasl.password": "first-password"}
    until("the brokers to know ann", lambda: reaches(msk, cluster, "SaslScram", **credentials), 60)
    return {"arn": arn, **credentials}


def reaches(msk: Msk, cluster: str, listener: str, **more: Any) -> bool:
    """Whether a client gets an answer from the brokers."""
    try:
        return bool(msk.admin(cluster, listener, **more).list_topics(timeout=5).brokers)
    except KafkaException:
        return False


def login(credentials: dict[str, str], **more: str) -> dict[str, str]:
    return {key: value for key, value in {**credentials, **more}.items() if key.startswith("sasl.")}


def test_bootstrap_brokers_list_every_listener_and_each_serves(msk: Msk, cluster: str, ann: dict[str, str]) -> None:
    strings = msk.api.get_bootstrap_brokers(ClusterArn=cluster)
    ports = {"": 9092, "Tls": 9094, "SaslScram": 9096}
    for listener, port in ports.items():
        servers = strings[f"BootstrapBrokerString{listener}"].split(",")
        assert [server.rpartition(":")[2] for server in servers] == [str(port)] * 3
        credentials = login(ann) if listener == "SaslScram" else {}
        for server in servers:
            assert reaches(msk, cluster, listener, **{"bootstrap.servers": server}, **credentials)


def fails(msk: Msk, cluster: str, listener: str, code: int, **more: Any) -> None:
    """Returns once a client has met the error; fails the test when it does not."""
    errors: list[int] = []
    client = msk.admin(cluster, listener, error_cb=lambda error: errors.append(error.code()), **more)
    until(f"error {code}", lambda: client.poll(0.1) >= 0 and code in errors)


def test_without_the_right_password_or_tls_the_brokers_refuse(
    msk: Msk, cluster: str, ann: dict[str, str], tmp_path: Path
) -> None:
    wrong = {"wrong password": {"sasl.password": "wrong"}, "unknown name": {"sasl.username": "bob"}}
    for change in wrong.values():
        fails(msk, cluster, "SaslScram", KafkaError._AUTHENTICATION, **login(ann, **change))
    scram = msk.settings(cluster, "SaslScram")["bootstrap.servers"]
    assert not reaches(msk, cluster, "", **{"bootstrap.servers": scram})
    assert not reaches(msk, cluster, "Tls", **{"bootstrap.servers": scram})
    stranger = Authority(tmp_path, "stranger").ensure()
    fails(msk, cluster, "Tls", KafkaError._SSL, **{"ssl.ca.location": str(stranger.certificate)})


async def test_aiokafka_produces_with_an_ssl_context(msk: Msk, cluster: str, ann: dict[str, str]) -> None:
    admin = msk.admin(cluster)
    admin.create_topics([NewTopic("secured", 3, 3)])["secured"].result(30)
    producer = AIOKafkaProducer(
        bootstrap_servers=msk.settings(cluster, "SaslScram")["bootstrap.servers"],
        security_protocol="SASL_SSL",
        ssl_context=ssl.create_default_context(cafile=msk.cloud.site.authority / "ca.crt"),
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=ann["sasl.username"],
        sasl_plain_password=ann["sasl.password"],
        acks="all",
    )
    await producer.start()
    try:
        assert (await producer.send_and_wait("secured", b"beat")).offset == 0
    finally:
        await producer.stop()


def test_acls_decide_by_name(msk: Msk, cluster: str, ann: dict[str, str]) -> None:
    admin = msk.admin(cluster)
    admin.create_topics([NewTopic("restricted", 1, 3)])["restricted"].result(30)
    only_bob = AclBinding(
        ResourceType.TOPIC,
        "restricted",
        ResourcePatternType.LITERAL,
        "User:bob",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )
    admin.create_acls([only_bob])[only_bob].result(30)
    producer = Producer({**msk.settings(cluster, "SaslScram", **login(ann)), "message.timeout.ms": 20000})
    errors: list[Any] = []
    producer.produce("restricted", b"", on_delivery=lambda error, _: errors.append(error))
    producer.flush(30)
    assert errors[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_brokers_follow_the_secret(msk: Msk, cluster: str, ann: dict[str, str]) -> None:
    text = json.dumps({"username": "ann", "password": "second-password"})
    msk.secrets.put_secret_value(SecretId=ann["arn"], SecretString=text)
    renewed = login(ann, **{"sasl.password": "second-password"})
    until("the new password to work", lambda: reaches(msk, cluster, "SaslScram", **renewed), 60)
    fails(msk, cluster, "SaslScram", KafkaError._AUTHENTICATION, **login(ann))
    answer = msk.api.batch_disassociate_scram_secret(ClusterArn=cluster, SecretArnList=[ann["arn"]])
    assert answer["UnprocessedScramSecrets"] == []
    until("ann to be unknown", lambda: not reaches(msk, cluster, "SaslScram", **renewed))
    assert msk.api.list_scram_secrets(ClusterArn=cluster)["SecretArnList"] == []


def test_secrets_that_msk_cannot_use_are_unprocessed_with_their_reasons(msk: Msk, cluster: str) -> None:
    good = msk.secret("AmazonMSK_good", "good", "password")
    default_key = msk.secrets.create_secret(Name="AmazonMSK_default", SecretString="{}")["ARN"]
    misnamed = msk.secret("misnamed", "u", "p")
    no_json = msk.secrets.create_secret(Name="AmazonMSK_text", SecretString="text", KmsKeyId=msk.cloud.key)["ARN"]
    missing = f"{good[:-6]}abcdef"
    asked = [default_key, misnamed, no_json, missing, good]
    answer = msk.api.batch_associate_scram_secret(ClusterArn=cluster, SecretArnList=asked)
    assert [refused["SecretArn"] for refused in answer["UnprocessedScramSecrets"]] == asked[:-1]
    assert all(refused["ErrorCode"] and refused["ErrorMessage"] for refused in answer["UnprocessedScramSecrets"])
    assert msk.api.list_scram_secrets(ClusterArn=cluster)["SecretArnList"] == [good]
    again = msk.api.batch_associate_scram_secret(ClusterArn=cluster, SecretArnList=[good])
    assert [refused["SecretArn"] for refused in again["UnprocessedScramSecrets"]] == [good]
    msk.api.batch_disassociate_scram_secret(ClusterArn=cluster, SecretArnList=[good])
