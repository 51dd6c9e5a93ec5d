"""Parameter groups of ElastiCache: only what exists, can be changed and makes sense is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.service.errors import AwsError
from local.cloud.svc.elasticache.catalog.parameters import NOT_HERE, PARAMETERS, settings
from local.cloud.svc.elasticache.groups import check_changes
from tests.fixtures.cloud import Cloud, code_of

OWN = "groups-own"
MODIFIABLE = [p for p in PARAMETERS.values() if p.modifiable and p.name not in NOT_HERE]
NUMBERS = [p for p in MODIFIABLE if p.data_type == "integer"]


@given(st.sampled_from(NUMBERS), st.integers(-(2**70), 2**70))
def test_an_integer_outside_its_range_is_refused(parameter: Any, value: int) -> None:
    try:
        assert check_changes({parameter.name: str(value)}) == {parameter.name: str(value)}
    except AwsError as error:
        assert error.code == "InvalidParameterValue"
        assert not parameter.least <= value <= parameter.most
    else:
        assert parameter.least <= value <= parameter.most


@given(st.sampled_from(MODIFIABLE), st.text(min_size=1).filter(lambda t: not t.strip("-").isdigit()))
def test_a_string_that_is_no_allowed_value_is_refused(parameter: Any, value: str) -> None:
    letters = parameter.name == "notify-keyspace-events" and set(value) <= set("KEg$lshzxeAtmdn")
    possible = value in parameter.allowed or letters
    try:
        check_changes({parameter.name: value})
    except AwsError as error:
        assert error.code == "InvalidParameterValue"
        assert not possible
    else:
        assert possible


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_every_default_is_a_value_of_its_parameter(name: str) -> None:
    assert PARAMETERS[name].accepts(PARAMETERS[name].default)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("bogus-param", "1", "InvalidParameterValue"),
        ("dir", "/tmp/x", "InvalidParameterValue"),
        ("maxmemory-policy", "bogus", "InvalidParameterValue"),
        ("maxclients", "10", "InvalidParameterValue"),
        ("appendonly", "yes", "InvalidParameterValue"),
        ("timeout", "banana", "InvalidParameterValue"),
        ("timeout", None, "InvalidParameterValue"),
        ("rename-commands", "KEYS x", "NotImplemented"),
        ("close-on-replica-write", "no", "NotImplemented"),
    ],
)
def test_what_aws_or_this_cloud_cannot_set_is_refused(name: str, value: str | None, code: str) -> None:
    with pytest.raises(AwsError) as refused:
        check_changes({name: value})
    assert refused.value.code == code


def test_a_node_gets_its_memory_less_what_is_reserved_and_limits_as_one_setting() -> None:
    chosen = {"reserved-memory-percent": "50", "client-output-buffer-limit-pubsub-soft-seconds": "9", "gone": "1"}
    found = settings(chosen, 1000)
    assert found["maxmemory"] == "500"
    assert found["client-output-buffer-limit"] == "normal 0 0 0 pubsub 33554432 8388608 9"
    assert "gone" not in found
    assert "maxclients" not in found


@pytest.fixture(scope="module")
def elasticache(cloud: Cloud) -> Iterator[Any]:
    client = cloud.client("elasticache")
    client.create_cache_parameter_group(
        CacheParameterGroupName=OWN, CacheParameterGroupFamily="redis7", Description="own"
    )
    yield client
    client.delete_cache_parameter_group(CacheParameterGroupName=OWN)


def parameters(elasticache: Any, group: str, **filters: str) -> dict[str, dict[str, Any]]:
    pages = elasticache.get_paginator("describe_cache_parameters").paginate(CacheParameterGroupName=group, **filters)
    return {row["ParameterName"]: row for page in pages for row in page["Parameters"]}


@pytest.mark.integration
def test_default_groups_are_listed_and_described_with_all_parameters(elasticache: Any) -> None:
    listed = elasticache.describe_cache_parameter_groups()["CacheParameterGroups"]
    arns = {group["CacheParameterGroupName"]: group["ARN"] for group in listed}
    assert arns["default.redis7"].endswith(":parametergroup:default.redis7")
    assert set(arns) >= {"default.redis7.cluster.on", OWN}
    of_default = parameters(elasticache, "default.redis7")
    assert set(of_default) == set(PARAMETERS)
    assert {row["Source"] for row in of_default.values()} == {"system"}
    assert parameters(elasticache, "default.redis7.cluster.on")["cluster-enabled"]["ParameterValue"] == "yes"


@pytest.mark.integration
def test_what_is_set_is_of_the_user_until_it_is_reset(elasticache: Any) -> None:
    def change(call: Any, **values: str) -> None:
        named = [{"ParameterName": k.replace("_", "-"), "ParameterValue": v} for k, v in values.items()]
        call(CacheParameterGroupName=OWN, ParameterNameValues=named)

    change(elasticache.modify_cache_parameter_group, timeout="7", maxmemory_policy="noeviction")
    mine = parameters(elasticache, OWN, Source="user")
    assert {name: row["ParameterValue"] for name, row in mine.items()} == {
        "timeout": "7",
        "maxmemory-policy": "noeviction",
    }
    change(elasticache.reset_cache_parameter_group, timeout="")
    assert list(parameters(elasticache, OWN, Source="user")) == ["maxmemory-policy"]
    elasticache.reset_cache_parameter_group(CacheParameterGroupName=OWN, ResetAllParameters=True)
    assert parameters(elasticache, OWN, Source="user") == {}


@pytest.mark.integration
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CacheParameterGroupFamily": "redis99"}, "InvalidParameterValue"),
        ({"CacheParameterGroupFamily": "valkey8"}, "NotImplemented"),
        ({"CacheParameterGroupName": "default.foo"}, "InvalidParameterValue"),
        ({"CacheParameterGroupName": "bad--name"}, "InvalidParameterValue"),
        ({"CacheParameterGroupName": OWN}, "CacheParameterGroupAlreadyExists"),
    ],
)
def test_a_group_that_aws_does_not_make_is_refused(elasticache: Any, change: dict[str, str], code: str) -> None:
    valid = {"CacheParameterGroupName": "other", "CacheParameterGroupFamily": "redis7", "Description": "d"}
    with pytest.raises(ClientError) as refused:
        elasticache.create_cache_parameter_group(**valid | change)
    assert code_of(refused.value) == code


@pytest.mark.integration
@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ("replicationgroup:nosuch", "ReplicationGroupNotFoundFault"),
        ("cluster:nosuch-001", "CacheClusterNotFound"),
        ("parametergroup:nosuch", "CacheParameterGroupNotFound"),
        ("subnetgroup:nosuch", "CacheSubnetGroupNotFoundFault"),
        ("snapshot:nosuch", "SnapshotNotFoundFault"),
        ("user:nosuch", "UserNotFound"),
        ("lambda:nosuch", "InvalidARN"),
        ("", "InvalidARN"),
    ],
)
def test_tags_of_what_is_not_there_are_refused_by_its_kind(elasticache: Any, resource: str, code: str) -> None:
    for arn in (f"arn:aws:elasticache:us-west-2:123456789012:{resource}",):
        with pytest.raises(ClientError) as refused:
            elasticache.list_tags_for_resource(ResourceName=arn)
        assert code_of(refused.value) == code


@pytest.mark.integration
@pytest.mark.parametrize(
    "arn",
    [
        "no-arn",
        f"arn:aws:elasticache:us-east-1:123456789012:parametergroup:{OWN}",
        f"arn:aws:elasticache:us-west-2:999999999999:parametergroup:{OWN}",
        f"arn:aws:rds:us-west-2:123456789012:parametergroup:{OWN}",
    ],
)
def test_an_arn_of_elsewhere_is_none(elasticache: Any, arn: str) -> None:
    with pytest.raises(ClientError) as refused:
        elasticache.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "k", "Value": "v"}])
    assert code_of(refused.value) == "InvalidARN"


@pytest.mark.integration
@pytest.mark.parametrize(
    ("operation", "result", "count"),
    [
        ("describe_cache_engine_versions", "CacheEngineVersions", 1),
        ("describe_users", "Users", 1),
        ("describe_user_groups", "UserGroups", 0),
        ("describe_service_updates", "ServiceUpdates", 0),
        ("describe_update_actions", "UpdateActions", 0),
        ("describe_reserved_cache_nodes", "ReservedCacheNodes", 0),
        ("describe_serverless_caches", "ServerlessCaches", 0),
        ("describe_serverless_cache_snapshots", "ServerlessCacheSnapshots", 0),
        ("describe_global_replication_groups", "GlobalReplicationGroups", 0),
    ],
)
def test_a_read_whose_true_answer_is_short_says_so(elasticache: Any, operation: str, result: str, count: int) -> None:
    assert len(getattr(elasticache, operation)()[result]) == count
