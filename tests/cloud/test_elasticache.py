"""A replication group's nodes are Redis processes: a primary and as many replicas as were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry

from local.engines.runtime.process import Process
from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration

NAME = "pushes"
NODE = "cache.t4g.micro"


@pytest.fixture(scope="module")
def elasticache(cloud: Cloud) -> Any:
    client = cloud.client("elasticache")
    client.create_cache_subnet_group(
        CacheSubnetGroupName="caches", CacheSubnetGroupDescription="for tests", SubnetIds=cloud.subnets
    )
    return client


@pytest.fixture(scope="module")
def made(elasticache: Any, cloud: Cloud) -> Iterator[None]:
    """A primary with one replica, with automatic failover, in a security group of its own."""
    inside = {"GroupName": NAME, "Description": NAME, "VpcId": cloud.vpc}
    group = cloud.client("ec2").create_security_group(**inside)["GroupId"]
    elasticache.create_replication_group(
        ReplicationGroupId=NAME,
        ReplicationGroupDescription="pending pushes",
        Engine="redis",
        EngineVersion="7.0",
        CacheNodeType=NODE,
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        CacheSubnetGroupName="caches",
        SecurityGroupIds=[group],
        SnapshotRetentionLimit=1,
        Tags=[{"Key": "team", "Value": "stream"}],
    )
    available(elasticache)
    yield
    available(elasticache)
    elasticache.delete_replication_group(ReplicationGroupId=NAME)
    with pytest.raises(ClientError) as refused:
        elasticache.delete_replication_group(ReplicationGroupId=NAME)
    assert code_of(refused.value) in ("InvalidReplicationGroupState", "ReplicationGroupNotFoundFault")
    until("the group to go", lambda: NAME not in groups(elasticache))


@pytest.fixture
def group(elasticache: Any, made: None) -> dict[str, Any]:
    """The group as it is now."""
    return available(elasticache)


def groups(elasticache: Any) -> list[str]:
    return [group["ReplicationGroupId"] for group in elasticache.describe_replication_groups()["ReplicationGroups"]]


def describe(elasticache: Any) -> dict[str, Any]:
    return elasticache.describe_replication_groups(ReplicationGroupId=NAME)["ReplicationGroups"][0]


def available(elasticache: Any) -> dict[str, Any]:
    return until(
        "the group to be available", lambda: g if (g := describe(elasticache))["Status"] == "available" else None
    )


def at(endpoint: dict[str, Any]) -> redis.Redis:
    return redis.Redis(endpoint["Address"], endpoint["Port"], socket_timeout=5, retry=Retry(NoBackoff(), 0))


def members(group: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [m for m in group["NodeGroups"][0]["NodeGroupMembers"] if m["CurrentRole"] == role]


def primary(group: dict[str, Any]) -> dict[str, Any]:
    return group["NodeGroups"][0]["PrimaryEndpoint"]


def process(cloud: Cloud, member: dict[str, Any]) -> Process:
    return cloud.process_of(f"{member['ReadEndpoint']['Address']}:")


def test_what_is_written_to_the_primary_can_be_read_from_the_replica(group: dict[str, Any]) -> None:
    at(primary(group)).set("written", "yes")
    replica = at(group["NodeGroups"][0]["ReaderEndpoint"])
    until("the replica to have it", lambda: replica.get("written") == b"yes")
    with pytest.raises(redis.ReadOnlyError):
        replica.set("written", "no")
    assert (group["AutomaticFailover"], group["MultiAZ"], group["SnapshotRetentionLimit"]) == ("enabled", "enabled", 1)
    assert group["Description"] == "pending pushes"
    assert group["MemberClusters"] == [f"{NAME}-001", f"{NAME}-002"]


def test_a_replica_takes_the_place_of_a_killed_primary_at_the_same_endpoint(
    cloud: Cloud, elasticache: Any, group: dict[str, Any]
) -> None:
    (before,), (replica,) = members(group, "primary"), members(group, "replica")
    at(primary(group)).set("kept", "yes")
    until("the replica to have it", lambda: at(replica["ReadEndpoint"]).get("kept") == b"yes")
    process(cloud, before).kill()
    until("a primary that takes writes", lambda: writes(primary(group)))
    after = until("both nodes", lambda: g if (g := describe(elasticache))["Status"] == "available" else None)
    assert [m["CacheClusterId"] for m in members(after, "primary")] == [replica["CacheClusterId"]]
    assert primary(after) == primary(group)
    assert at(primary(after)).get("kept") == b"yes"
    until("the former primary to follow", lambda: at(before["ReadEndpoint"]).get("again") == b"yes")


def test_a_replica_takes_the_place_of_a_primary_that_is_killed_as_a_snapshot_begins(
    cloud: Cloud, elasticache: Any, group: dict[str, Any]
) -> None:
    (before,), (replica,) = members(group, "primary"), members(group, "replica")
    elasticache.create_snapshot(ReplicationGroupId=NAME, SnapshotName="begun")
    process(cloud, before).kill()
    after = until("both nodes", lambda: g if (g := describe(elasticache))["Status"] == "available" else None)
    assert [m["CacheClusterId"] for m in members(after, "primary")] == [replica["CacheClusterId"]]
    (snapshot,) = elasticache.describe_snapshots(SnapshotName="begun")["Snapshots"]
    assert snapshot["SnapshotStatus"] == "available"
    elasticache.delete_snapshot(SnapshotName="begun")


def writes(endpoint: dict[str, Any]) -> bool:
    try:
        return bool(at(endpoint).set("again", "yes"))
    except redis.RedisError:
        return False


def test_a_tested_failover_loses_no_write_and_clients_find_the_primary(elasticache: Any, group: dict[str, Any]) -> None:
    client = at(primary(group))
    client.set("before", "yes")
    answer = elasticache.test_failover(ReplicationGroupId=NAME, NodeGroupId="0001")["ReplicationGroup"]
    assert answer["Status"] == "modifying"
    after = available(elasticache)
    assert members(after, "primary") != members(group, "primary")
    assert client.set("after", "yes")  # a client that stayed connected would be at a replica now
    assert client.get("before") == b"yes"
    messages = [event["Message"] for event in elasticache.describe_events(Duration=60)["Events"]]
    assert any("Test Failover API called" in message for message in messages)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"NodeGroupId": "0002"}, "NodeGroupNotFoundFault"),
        ({"ReplicationGroupId": "nobody"}, "ReplicationGroupNotFoundFault"),
    ],
)
def test_a_failover_of_what_is_not_there_is_refused(
    elasticache: Any, group: dict[str, Any], change: dict[str, str], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        elasticache.test_failover(**{"ReplicationGroupId": NAME, "NodeGroupId": "0001"} | change)
    assert code_of(refused.value) == code


def test_replicas_are_added_and_removed_and_never_the_other_way_round(
    cloud: Cloud, elasticache: Any, group: dict[str, Any]
) -> None:
    increase, decrease = elasticache.increase_replica_count, elasticache.decrease_replica_count
    increase(ReplicationGroupId=NAME, NewReplicaCount=2, ApplyImmediately=True)
    assert len(available(elasticache)["MemberClusters"]) == 3
    assert at(primary(group)).info("replication")["connected_slaves"] == 2  # pyright: ignore[reportIndexIssue]
    for change, count in ((increase, 1), (increase, 2), (increase, 6), (decrease, 2), (decrease, 3), (decrease, 0)):
        with pytest.raises(ClientError) as refused:
            change(ReplicationGroupId=NAME, NewReplicaCount=count, ApplyImmediately=True)
        assert code_of(refused.value) == "InvalidParameterValue"
    (chosen, kept) = members(describe(elasticache), "replica")
    decrease(ReplicationGroupId=NAME, ReplicasToRemove=[chosen["CacheClusterId"]], ApplyImmediately=True)
    assert [m["CacheClusterId"] for m in members(available(elasticache), "replica")] == [kept["CacheClusterId"]]

    def alive() -> list[str]:
        return [record for record, pid in cloud.pids().items() if f"/{NAME}-00" in record and pid]

    until("the replica to end", lambda: len(alive()) == 2)


def test_a_modification_waits_for_the_maintenance_window_unless_it_is_to_be_applied_at_once(
    elasticache: Any, group: dict[str, Any]
) -> None:
    def modify(**change: Any) -> dict[str, Any]:
        return elasticache.modify_replication_group(ReplicationGroupId=NAME, **change)["ReplicationGroup"]

    waiting = modify(AutomaticFailoverEnabled=False, MultiAZEnabled=False, ReplicationGroupDescription="now")
    assert (waiting["AutomaticFailover"], waiting["Description"]) == ("enabled", "now")
    assert waiting["PendingModifiedValues"] == {"AutomaticFailoverStatus": "disabled"}
    applied = modify(CacheNodeType="cache.t4g.small", ApplyImmediately=True)
    assert (applied["AutomaticFailover"], applied["PendingModifiedValues"]) == ("disabled", {})
    available(elasticache)
    memory = at(primary(group)).info("memory")["maxmemory"]  # pyright: ignore[reportIndexIssue]
    assert memory == 1_471_026_299 - 1_471_026_299 // 4
    with pytest.raises(ClientError) as refused:
        elasticache.test_failover(ReplicationGroupId=NAME, NodeGroupId="0001")
    assert code_of(refused.value) == "InvalidParameterCombination"
    (replica,) = members(describe(elasticache), "replica")
    modify(PrimaryClusterId=replica["CacheClusterId"], ApplyImmediately=True)
    assert [m["CacheClusterId"] for m in members(available(elasticache), "primary")] == [replica["CacheClusterId"]]
    modify(AutomaticFailoverEnabled=True, MultiAZEnabled=True, ApplyImmediately=True)


def test_a_rebooted_node_comes_back_with_its_data(cloud: Cloud, elasticache: Any, group: dict[str, Any]) -> None:
    (member,) = members(group, "replica")
    pid = process(cloud, member).pid()
    elasticache.reboot_cache_cluster(CacheClusterId=member["CacheClusterId"], CacheNodeIdsToReboot=["0001"])
    available(elasticache)
    assert process(cloud, member).pid() not in (None, pid)
    at(primary(group)).set("after", "reboot")
    until("the node to follow", lambda: at(member["ReadEndpoint"]).get("after") == b"reboot")


def test_parameters_reach_running_nodes_and_those_for_a_reboot_wait_for_it(
    elasticache: Any, group: dict[str, Any]
) -> None:
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="pushes-own", CacheParameterGroupFamily="redis7", Description="own"
    )
    elasticache.modify_replication_group(
        ReplicationGroupId=NAME, CacheParameterGroupName="pushes-own", ApplyImmediately=True
    )
    available(elasticache)
    values = {"notify-keyspace-events": "AKE", "databases": "3", "maxmemory-policy": "allkeys-lfu"}
    elasticache.modify_cache_parameter_group(
        CacheParameterGroupName="pushes-own",
        ParameterNameValues=[{"ParameterName": name, "ParameterValue": value} for name, value in values.items()],
    )
    (member,) = members(group, "replica")

    def applied() -> dict[str, Any]:
        found = elasticache.describe_cache_clusters(CacheClusterId=member["CacheClusterId"])["CacheClusters"][0]
        return found["CacheParameterGroup"]

    until("the parameters", lambda: applied()["ParameterApplyStatus"] == "pending-reboot")
    assert at(primary(group)).info("memory")["maxmemory_policy"] == "allkeys-lfu"  # pyright: ignore[reportIndexIssue]
    elasticache.reboot_cache_cluster(CacheClusterId=member["CacheClusterId"], CacheNodeIdsToReboot=["0001"])
    until("the reboot", lambda: applied()["ParameterApplyStatus"] == "in-sync")
    with pytest.raises(redis.ResponseError):
        at(member["ReadEndpoint"]).execute_command("SELECT", 3)
    with pytest.raises(ClientError) as refused:
        elasticache.delete_cache_parameter_group(CacheParameterGroupName="pushes-own")
    assert code_of(refused.value) == "InvalidCacheParameterGroupState"


def test_clusters_are_shown_as_asked(elasticache: Any, group: dict[str, Any]) -> None:
    def clusters(**options: Any) -> list[dict[str, Any]]:
        found = elasticache.describe_cache_clusters(**options)["CacheClusters"]
        return [cluster for cluster in found if cluster.get("ReplicationGroupId") == NAME]

    assert [cluster.get("CacheNodes", []) for cluster in clusters()] == [[], []]
    nodes = [cluster["CacheNodes"][0]["Endpoint"]["Port"] for cluster in clusters(ShowCacheNodeInfo=True)]
    assert nodes == [6379, 6379]
    assert clusters(ShowCacheClustersNotInReplicationGroups=True) == []


def test_a_members_tags_are_those_of_its_group_and_its_own(elasticache: Any, group: dict[str, Any]) -> None:
    member = group["MemberClusters"][-1]
    (cluster,) = elasticache.describe_cache_clusters(CacheClusterId=member)["CacheClusters"]
    arn = cluster["ARN"]

    def tags(of: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in elasticache.list_tags_for_resource(ResourceName=of)["TagList"]}

    assert tags(arn) == {"team": "stream"}
    elasticache.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "own", "Value": "1"}])
    elasticache.add_tags_to_resource(ResourceName=group["ARN"], Tags=[{"Key": "all", "Value": "2"}])
    assert tags(arn) == {"team": "stream", "own": "1", "all": "2"}
    assert tags(group["ARN"]) == {"team": "stream", "all": "2"}
