"""What ElastiCache refuses: each rule alone, on requests that are otherwise valid."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.service.errors import AwsError
from local.cloud.svc.elasticache.catalog.node_types import MEMORY, modifications
from local.cloud.svc.elasticache.failover import successor
from local.cloud.svc.elasticache.modification import DEFERRED, split
from local.cloud.svc.elasticache.rules import clusters, creation
from local.cloud.svc.elasticache.rules.modification import check_failover, check_version, decreased, increased
from local.cloud.svc.elasticache.rules.names import is_identifier
from local.cloud.svc.elasticache.rules.table import Facts, Request, check
from tests.fixtures.cloud import Cloud, code_of

VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
ZONES = frozenset({"us-west-2a", "us-west-2b"})
FACTS = Facts(ZONES, "vpc-1", {"sg-1": "vpc-1"}, "redis7")
VALID: dict[str, Any] = {
    "ReplicationGroupId": "pushes-1",
    "ReplicationGroupDescription": "pending pushes",
    "Engine": "redis",
    "EngineVersion": "7.0",
    "CacheNodeType": "cache.t4g.micro",
    "NumCacheClusters": 2,
    "PreferredCacheClusterAZs": sorted(ZONES),
    "AutomaticFailoverEnabled": True,
    "MultiAZEnabled": True,
    "SecurityGroupIds": ["sg-1"],
    "Port": 6379,
    "PreferredMaintenanceWindow": "sun:23:00-mon:01:30",
    "SnapshotWindow": "05:00-09:00",
    "SnapshotRetentionLimit": 35,
    "AtRestEncryptionEnabled": True,
    "KmsKeyId": "key",
    "NotificationTopicArn": "arn:aws:sns:us-west-2:123456789012:topic",
    "Tags": [{"Key": "team", "Value": ""}],
}
REFUSED: list[tuple[dict[str, Any], str]] = [
    *(({"ReplicationGroupId": name}, VALUE) for name in ("1bad", "bad--x", "bad-", "", "a" * 41, "under_score", "-a")),
    ({"ReplicationGroupDescription": ""}, VALUE),
    ({"ReplicationGroupDescription": "d" * 256}, VALUE),
    *(({"CacheNodeType": name}, VALUE) for name in (None, "bogus", "cache.bogus.micro", "db.t4g.micro")),
    ({"CacheNodeType": "cache.r6gd.xlarge"}, COMBINATION),
    ({"DataTieringEnabled": True}, COMBINATION),
    *(({"NumCacheClusters": count, "PreferredCacheClusterAZs": None}, VALUE) for count in (0, -1, 7)),
    *(({"ReplicasPerNodeGroup": count, "NumCacheClusters": None}, VALUE) for count in (-1, 6)),
    ({"ReplicasPerNodeGroup": 3}, COMBINATION),
    ({"NumNodeGroups": 0}, VALUE),
    ({"NumNodeGroups": 2}, COMBINATION),
    ({"NumCacheClusters": 1, "PreferredCacheClusterAZs": None}, COMBINATION),
    ({"AutomaticFailoverEnabled": False}, COMBINATION),
    ({"PreferredCacheClusterAZs": ["us-west-2a"]}, VALUE),
    ({"PreferredCacheClusterAZs": ["us-west-2a", "us-west-2z"]}, VALUE),
    ({"PreferredCacheClusterAZs": ["us-west-2a", "us-west-2a"]}, COMBINATION),
    *(({"Port": port}, VALUE) for port in (0, -1, 65536)),
    ({"AtRestEncryptionEnabled": False}, COMBINATION),
    ({"SnapshotName": "s", "SnapshotArns": ["arn:aws:s3:::b/k"]}, COMBINATION),
    *(({"Engine": name}, VALUE) for name in ("memcached", "postgres", "")),
    *(({"EngineVersion": version}, VALUE) for version in ("99.0", "7", "7.0.15", "banana")),
    ({"SecurityGroupIds": ["sg-nosuch"]}, VALUE),
    ({"CacheSecurityGroupNames": ["default"]}, VALUE),
    *(
        ({"PreferredMaintenanceWindow": window}, VALUE)
        for window in ("sun:23:00", "sun:23:00-sun:23:30", "day:01:00-day:02:00", "sun:24:00-mon:01:00", "")
    ),
    *(({"SnapshotWindow": window}, VALUE) for window in ("05:00", "05:00-05:59", "25:00-26:00", "5:00-6:00", "")),
    ({"SnapshotWindow": "23:30-00:30"}, VALUE),
    *(({"SnapshotRetentionLimit": days}, VALUE) for days in (-1, 36, 99)),
    ({"NotificationTopicArn": "topic"}, VALUE),
    ({"Tags": [{"Key": "aws:x", "Value": "1"}]}, VALUE),
    ({"Tags": [{"Key": "x"}, {"Key": "x"}]}, VALUE),
    ({"Tags": [{"Key": str(number)} for number in range(51)]}, "TagQuotaPerResourceExceeded"),
]


def code_for(rules: Any, inputs: dict[str, Any], facts: Facts = FACTS) -> str | None:
    try:
        check(rules, Request({key: value for key, value in inputs.items() if value is not None}, facts))
    except AwsError as error:
        return error.code
    return None


def test_a_valid_group_breaks_no_rule() -> None:
    assert code_for(creation.RULES, VALID) is None


@pytest.mark.parametrize(("change", "code"), REFUSED, ids=[str(change)[:60] for change, _ in REFUSED])
def test_one_wrong_input_is_refused_with_awss_code(change: dict[str, Any], code: str) -> None:
    assert code_for(creation.RULES, VALID | change) == code


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (Facts(ZONES, "vpc-2", {"sg-1": "vpc-1"}), VALUE),
        (Facts(ZONES, "vpc-1", {}), VALUE),
        (Facts(ZONES, "vpc-1", {"sg-1": "vpc-1"}, "redis6.x"), COMBINATION),
        (Facts(ZONES, "vpc-1", {"sg-1": "vpc-1"}, "redis7", True), COMBINATION),
        (Facts(frozenset(), "vpc-1", {"sg-1": "vpc-1"}), VALUE),
    ],
)
def test_what_does_not_exist_or_fit_is_refused(facts: Facts, code: str) -> None:
    assert code_for(creation.RULES, VALID, facts) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"CacheClusterId": "a--b"}, VALUE),
        ({"CacheNodeType": None}, VALUE),
        ({"NumCacheNodes": 2}, VALUE),
        ({"AZMode": "cross-az"}, COMBINATION),
        ({"PreferredAvailabilityZone": "mars"}, VALUE),
        ({"Engine": "mysql"}, VALUE),
    ],
)
def test_a_cache_cluster_follows_its_rules(change: dict[str, Any], code: str | None) -> None:
    valid = {"CacheClusterId": "one", "Engine": "redis", "CacheNodeType": "cache.t4g.micro"}
    assert code_for(clusters.RULES, valid | change) == code


@given(st.text("aZ0-_. ", max_size=12), st.integers(1, 12))
def test_an_identifier_is_letters_digits_and_single_hyphens(name: str, most: int) -> None:
    letters = all(c in "aZ0-" for c in name)
    expected = 1 <= len(name) <= most and letters and name[0] in "aZ" and name[-1] != "-" and "--" not in name
    assert is_identifier(name, most) == expected


@given(st.integers(-2, 9), st.integers(0, 5))
def test_an_increase_only_adds(wanted: int, replicas: int) -> None:
    try:
        assert increased({"NewReplicaCount": wanted}, replicas) == wanted
    except AwsError as error:
        assert error.code == VALUE
        assert not replicas < wanted <= 5
    else:
        assert replicas < wanted <= 5


@given(st.integers(-2, 9), st.integers(0, 5), st.booleans())
def test_a_decrease_removes_exactly_what_is_too_many(wanted: int, count: int, automatic: bool) -> None:
    replicas = [f"g-{number:03}" for number in range(2, count + 2)]
    possible = int(automatic) <= wanted < count
    try:
        removed = decreased({"NewReplicaCount": wanted}, replicas, "g-001", automatic)
    except AwsError as error:
        assert error.code == VALUE
        assert not possible
    else:
        assert possible
        assert len(replicas) - len(removed) == wanted
        assert set(removed) <= set(replicas)


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"ReplicasToRemove": ["g-001"]}, VALUE),
        ({"ReplicasToRemove": ["g-009"]}, VALUE),
        ({"ReplicasToRemove": ["g-002", "g-003"]}, VALUE),
        ({}, COMBINATION),
        ({"NewReplicaCount": 1, "ReplicasToRemove": ["g-002"]}, COMBINATION),
        ({"ReplicaConfiguration": [{"NodeGroupId": "0002", "NewReplicaCount": 1}]}, "NodeGroupNotFoundFault"),
    ],
)
def test_a_decrease_names_replicas_or_a_count(inputs: dict[str, Any], code: str) -> None:
    with pytest.raises(AwsError) as refused:
        decreased(inputs, ["g-002", "g-003"], "g-001", True)
    assert refused.value.code == code


@given(st.booleans(), st.booleans(), st.integers(1, 6))
def test_multi_az_needs_automatic_failover_and_that_a_replica(automatic: bool, multi_az: bool, nodes: int) -> None:
    try:
        check_failover(automatic, multi_az, nodes)
    except AwsError as error:
        assert error.code == COMBINATION
        assert (automatic and nodes < 2) or (multi_az and not automatic)
    else:
        assert not (automatic and nodes < 2)
        assert automatic or not multi_az


@pytest.mark.parametrize(("wanted", "code"), [("7.0", None), ("6.2", COMBINATION), ("7.1", "NotImplemented")])
def test_an_engine_is_not_downgraded(wanted: str, code: str | None) -> None:
    if code is None:
        check_version(wanted, "7.0")
        return
    with pytest.raises(AwsError) as refused:
        check_version(wanted, "7.0")
    assert refused.value.code == code


@given(
    st.dictionaries(st.sampled_from([*sorted(DEFERRED), "SnapshotWindow", "SecurityGroupIds"]), st.integers()),
    st.booleans(),
    st.dictionaries(st.sampled_from(sorted(DEFERRED)), st.integers()),
)
def test_a_change_takes_effect_now_or_waits_and_none_is_lost(
    changes: dict[str, Any], immediately: bool, pending: dict[str, Any]
) -> None:
    now, waiting = split(changes, immediately, pending)
    assert now | waiting == pending | changes
    assert set(now) & set(waiting) == set()
    assert set(waiting) <= DEFERRED
    assert not (immediately and waiting)


INFO = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["slave", "master"]),
        "master_link_status": st.sampled_from(["up", "down"]),
        "master_link_down_since_seconds": st.sampled_from([-1, 0, 7]),
        "master_sync_in_progress": st.sampled_from([0, 1]),
        "slave_repl_offset": st.integers(0, 9),
    }
)


@given(st.dictionaries(st.sampled_from("abcde"), st.none() | INFO))
def test_the_successor_has_the_most_of_a_whole_data_set(replicas: dict[str, dict[str, Any] | None]) -> None:
    chosen = successor(replicas)
    whole = {
        name: info["slave_repl_offset"]
        for name, info in replicas.items()
        if info is not None
        and info["role"] == "slave"
        and not info["master_sync_in_progress"]
        and info["slave_repl_offset"] > 0
        and (info["master_link_status"] == "up" or info["master_link_down_since_seconds"] >= 0)
    }
    assert (chosen is None) == (not whole)
    assert chosen is None or whole[chosen] == max(whole.values())


@given(st.sampled_from(sorted(MEMORY)))
def test_every_other_node_type_is_a_step_up_or_down(node_type: str) -> None:
    up, down = modifications(node_type)
    assert sorted([*up, *down, node_type]) == sorted(MEMORY)
    assert all(MEMORY[name] >= MEMORY[node_type] for name in up)
    assert all(MEMORY[name] < MEMORY[node_type] for name in down)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ReplicationGroupId": "1bad--id-"}, VALUE),
        ({"CacheNodeType": None}, VALUE),
        ({"MultiAZEnabled": True}, COMBINATION),
        ({"SecurityGroupIds": ["sg-nosuch"]}, VALUE),
        ({"CacheSubnetGroupName": "nosuch"}, "CacheSubnetGroupNotFoundFault"),
        ({"CacheParameterGroupName": "nosuch"}, "CacheParameterGroupNotFound"),
        ({"CacheParameterGroupName": "default.redis7.cluster.on"}, COMBINATION),
        ({"SnapshotName": "nosuch"}, "SnapshotNotFoundFault"),
        ({"AtRestEncryptionEnabled": True, "KmsKeyId": "nosuch"}, "InvalidKMSKeyFault"),
        ({"EngineVersion": "99.0"}, VALUE),
        ({"EngineVersion": "7.1"}, "NotImplemented"),
        ({"Engine": "valkey", "EngineVersion": "8.0"}, "NotImplemented"),
        ({"NumNodeGroups": 2, "AutomaticFailoverEnabled": True}, "NotImplemented"),
        ({"NetworkType": "ipv6"}, "NotImplemented"),
        ({"UserGroupIds": ["users"]}, "NotImplemented"),
        ({"GlobalReplicationGroupId": "global"}, "GlobalReplicationGroupNotFoundFault"),
    ],
)
def test_what_cannot_be_made_is_refused_at_the_call(cloud: Cloud, change: dict[str, Any], code: str) -> None:
    client = cloud.client("elasticache")
    valid = {
        "ReplicationGroupId": "refused-by-rule",
        "ReplicationGroupDescription": "no",
        "CacheNodeType": "cache.t4g.micro",
    }
    with pytest.raises(ClientError) as refused:
        client.create_replication_group(**{k: v for k, v in (valid | change).items() if v is not None})
    assert code_of(refused.value) == code
    names = [group["ReplicationGroupId"] for group in client.describe_replication_groups()["ReplicationGroups"]]
    assert "refused-by-rule" not in names
