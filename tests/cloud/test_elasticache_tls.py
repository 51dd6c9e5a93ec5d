"""Redis over TLS with an AUTH token: whoever trusts the authority and has the token gets in, nobody else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from local.cloud.svc.elasticache.auth import NO_AUTH, is_valid, rotate, set_token
from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.waiting import until

TOKEN = "<first>-token!&#$^"
CREATION = {"ReplicationGroupDescription": "over TLS", "CacheNodeType": "cache.t4g.micro", "EngineVersion": "7.0"}
GROUP = "secured"


@pytest.fixture(scope="module")
def elasticache(cloud: Cloud) -> Any:
    return cloud.client("elasticache")


@pytest.fixture(scope="module")
def group(elasticache: Any) -> Iterator[dict[str, Any]]:
    elasticache.create_replication_group(
        **{**CREATION, "ReplicationGroupId": GROUP, "NumCacheClusters": 2, "AuthToken": TOKEN},
        TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True,
    )
    yield available(elasticache)
    elasticache.delete_replication_group(ReplicationGroupId=GROUP)


def available(elasticache: Any, name: str = GROUP) -> dict[str, Any]:
    def described() -> dict[str, Any] | None:
        (group,) = elasticache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
        return group if group["Status"] == "available" else None

    return until("the group to be available", described)


def at(cloud: Cloud, group: dict[str, Any], endpoint: str = "PrimaryEndpoint", **options: Any) -> redis.Redis:
    where = group["NodeGroups"][0][endpoint]
    trust = {"ssl": True, "ssl_ca_certs": str(cloud.site.authority / "ca.crt"), "ssl_check_hostname": True}
    once = Retry(NoBackoff(), 0)
    return redis.Redis(where["Address"], where["Port"], socket_timeout=5, retry=once, **{**trust, **options})


@pytest.mark.integration
def test_what_is_written_over_tls_is_read_from_the_replica_over_tls(cloud: Cloud, group: dict[str, Any]) -> None:
    at(cloud, group, password=TOKEN).set("written", "yes")
    replica = at(cloud, group, "ReaderEndpoint", password=TOKEN)
    until("the replica to have it", lambda: replica.get("written") == b"yes")
    security = ("TransitEncryptionEnabled", "AuthTokenEnabled", "AtRestEncryptionEnabled", "TransitEncryptionMode")
    assert [group[key] for key in security] == [True, True, True, "required"]


@pytest.mark.integration
def test_redis_cli_works_with_authority_and_token(cloud: Cloud, group: dict[str, Any]) -> None:
    where = group["NodeGroups"][0]["PrimaryEndpoint"]
    at = ["-h", where["Address"], "-p", str(where["Port"])]
    trust = ["--tls", "--cacert", str(cloud.site.authority / "ca.crt"), "-a", TOKEN]
    answer = subprocess.run(["redis-cli", *at, *trust, "PING"], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "PONG"


@pytest.mark.integration
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"password": TOKEN, "ssl": False}, redis.ConnectionError),
        ({}, redis.AuthenticationError),
        ({"password": TOKEN + "x"}, redis.AuthenticationError),
        ({"password": TOKEN, "ssl_ca_certs": "/etc/ssl/certs/ca-certificates.crt"}, redis.ConnectionError),
    ],
    ids=["no TLS", "no token", "another token", "another authority"],
)
def test_all_others_are_refused(
    cloud: Cloud, group: dict[str, Any], options: dict[str, Any], error: type[Exception]
) -> None:
    if not options.get("ssl", True):
        options = {**options, "ssl_ca_certs": None, "ssl_check_hostname": False}
    for endpoint in ("PrimaryEndpoint", "ReaderEndpoint"):
        with pytest.raises(error):
            at(cloud, group, endpoint, **options).ping()


@pytest.mark.integration
def test_commands_that_elasticache_restricts_are_refused(cloud: Cloud, group: dict[str, Any]) -> None:
    client = at(cloud, group, password=TOKEN)
    for command in ("CONFIG GET dir", "REPLICAOF NO ONE", "ACL SETUSER x", "SHUTDOWN", "CLUSTER MEET 127.0.0.1 1"):
        with pytest.raises(NoPermissionError):
            client.execute_command(*command.split())


@pytest.mark.integration
def test_a_token_is_rotated_without_a_moment_in_which_clients_fail(
    cloud: Cloud, elasticache: Any, group: dict[str, Any]
) -> None:
    def change(token: str, strategy: str) -> None:
        elasticache.modify_replication_group(
            ReplicationGroupId=GROUP, AuthToken=token, AuthTokenUpdateStrategy=strategy, ApplyImmediately=True
        )
        assert available(elasticache)["AuthTokenLastModifiedDate"]

    change("second-token-of-it", "ROTATE")
    assert at(cloud, group, password=TOKEN).ping()
    assert at(cloud, group, "ReaderEndpoint", password="second-token-of-it").ping()
    change("second-token-of-it", "SET")
    with pytest.raises(redis.AuthenticationError):
        at(cloud, group, password=TOKEN).ping()
    process = cloud.process_of(f"{group['NodeGroups'][0]['NodeGroupMembers'][0]['ReadEndpoint']['Address']}:")
    pid = process.pid()
    process.kill()
    until("another process", lambda: process.pid() not in (None, pid))
    available(elasticache)
    assert at(cloud, group, password="second-token-of-it").ping()
    change(TOKEN, "SET")


@pytest.mark.integration
def test_clients_move_to_tls_and_back_while_both_are_served(cloud: Cloud, elasticache: Any) -> None:
    name = "moving"

    def group() -> dict[str, Any]:
        return available(elasticache, name)

    def change(**inputs: Any) -> None:
        elasticache.modify_replication_group(ReplicationGroupId=name, ApplyImmediately=True, **inputs)

    def refused(**inputs: Any) -> str:
        with pytest.raises(ClientError) as error:
            change(**inputs)
        return code_of(error.value)

    def plain(endpoint: str = "PrimaryEndpoint") -> redis.Redis:
        return at(cloud, group(), endpoint, ssl=False, ssl_ca_certs=None, ssl_check_hostname=False)

    elasticache.create_replication_group(ReplicationGroupId=name, NumCacheClusters=2, **CREATION)
    plain().set("kept", "yes")
    required = {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "required"}
    assert refused(**required) == "InvalidParameterCombination"
    change(TransitEncryptionEnabled=True, TransitEncryptionMode="preferred")
    assert group()["TransitEncryptionMode"] == "preferred"
    assert plain().get("kept") == at(cloud, group()).get("kept") == b"yes"
    at(cloud, group()).set("moved", "yes")
    until("the replica to have it", lambda: plain("ReaderEndpoint").get("moved") == b"yes")
    change(**required)
    assert at(cloud, group()).get("moved") == b"yes"
    with pytest.raises(redis.ConnectionError):
        plain().ping()
    assert refused(TransitEncryptionEnabled=False) == "InvalidParameterCombination"
    elasticache.delete_replication_group(ReplicationGroupId=name)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AuthToken": TOKEN}, "InvalidParameterCombination"),
        ({"AuthToken": TOKEN, "TransitEncryptionEnabled": False}, "InvalidParameterCombination"),
        ({"AuthToken": "a" * 15, "TransitEncryptionEnabled": True}, "InvalidParameterValue"),
        ({"AuthToken": "under_score" * 2, "TransitEncryptionEnabled": True}, "InvalidParameterValue"),
        ({"TransitEncryptionMode": "required"}, "InvalidParameterCombination"),
    ],
)
def test_a_token_that_aws_refuses_is_refused_at_the_call(elasticache: Any, change: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        elasticache.create_replication_group(ReplicationGroupId="refused", **CREATION, **change)
    assert code_of(refused.value) == code


@pytest.mark.integration
@pytest.mark.parametrize(
    "change",
    [{"AuthTokenUpdateStrategy": "DELETE"}, {"AuthTokenUpdateStrategy": "SET"}, {"AuthTokenUpdateStrategy": "ROTATE"}],
)
def test_a_strategy_without_its_token_is_refused(
    elasticache: Any, group: dict[str, Any], change: dict[str, str]
) -> None:
    with pytest.raises(ClientError) as refused:
        elasticache.modify_replication_group(ReplicationGroupId=GROUP, ApplyImmediately=True, **change)
    assert code_of(refused.value) == "InvalidParameterCombination"


ALLOWED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!&#$^<>-"


@given(st.text(ALLOWED, min_size=16, max_size=128), st.characters().filter(lambda c: c not in ALLOWED), st.data())
def test_one_character_outside_spoils_a_token(token: str, other: str, data: st.DataObject) -> None:
    assert is_valid(token)
    place = data.draw(st.integers(0, len(token) - 1))
    assert not is_valid(token[:place] + other + token[place + 1 :])


@given(st.text(ALLOWED, max_size=200))
def test_a_token_has_16_to_128_characters(token: str) -> None:
    assert is_valid(token) == (16 <= len(token) <= 128)


@given(st.lists(st.sampled_from("abc"), max_size=6), st.sampled_from([NO_AUTH, set_token("first")]))
def test_the_two_newest_tokens_log_in_and_a_group_without_stays_open_until_one_is_set(
    tokens: list[str], auth: Any
) -> None:
    required = auth.required
    for token in tokens:
        before, auth = auth, rotate(auth, token)
        assert auth.tokens[0] == token
        assert len(auth.tokens) <= 2
        assert set(before.tokens[:1]) <= set(auth.tokens)
        assert auth.required == required
    assert set_token("x").tokens == ("x",)
