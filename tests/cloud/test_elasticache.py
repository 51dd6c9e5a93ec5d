"""A replication group's nodes are Redis processes: a primary and as many replicas as were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud, code_of, until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def elasticache(cloud: Cloud) -> Any:
    client = cloud.client("elasticache")
    client.create_cache_subnet_group(
        CacheSubnetGroupName="caches", CacheSubnetGroupDescription="for tests", SubnetIds=cloud.subnets
    )
    return client


@pytest.fixture
def group(elasticache: Any) -> Iterator[dict[str, Any]]:
    """A primary with one replica."""
    elasticache.create_replication_group(
        ReplicationGroupId="pushes",
        ReplicationGroupDescription="pending pushes",
        Engine="redis",
        EngineVersion="7.0",
        CacheNodeType="cache.t4g.micro",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        CacheSubnetGroupName="caches",
        SnapshotRetentionLimit=1,
        Tags=[{"Key": "team", "Value": "stream"}],
    )
    until("the group to be available", lambda: describe(elasticache)["Status"] == "available")
    yield describe(elasticache)
    elasticache.delete_replication_group(ReplicationGroupId="pushes")
    until("the group to go", lambda: elasticache.describe_replication_groups()["ReplicationGroups"] == [])


def describe(elasticache: Any) -> dict[str, Any]:
    return elasticache.describe_replication_groups(ReplicationGroupId="pushes")["ReplicationGroups"][0]


def at(endpoint: dict[str, Any]) -> redis.Redis:
    return redis.Redis(host=endpoint["Address"], port=endpoint["Port"], socket_timeout=5)


def test_what_is_written_to_the_primary_can_be_read_from_the_replica(group: dict[str, Any]) -> None:
    node_group = group["NodeGroups"][0]
    at(node_group["PrimaryEndpoint"]).set("written", "yes")
    replica = at(node_group["ReaderEndpoint"])
    until("the replica to have it", lambda: replica.get("written") == b"yes")
    with pytest.raises(redis.ReadOnlyError):
        replica.set("written", "no")
    assert (group["AutomaticFailover"], group["MultiAZ"], group["SnapshotRetentionLimit"]) == ("enabled", "enabled", 1)
    assert group["Description"] == "pending pushes"
    assert group["MemberClusters"] == ["pushes-001", "pushes-002"]


def test_killed_primary_comes_back_with_its_keys(cloud: Cloud, elasticache: Any, group: dict[str, Any]) -> None:
    endpoint = group["NodeGroups"][0]["PrimaryEndpoint"]
    at(endpoint).set("kept", "yes")
    (primary, _) = group["NodeGroups"][0]["NodeGroupMembers"]
    process = cloud.process_of(f"{primary['ReadEndpoint']['Address']}:")
    pid = process.pid()
    process.kill()
    until("another process", lambda: process.pid() not in (None, pid), 20)
    until("the group to be available", lambda: describe(elasticache)["Status"] == "available")
    assert at(endpoint).get("kept") == b"yes"


def test_replicas_can_be_added_and_removed(cloud: Cloud, elasticache: Any, group: dict[str, Any]) -> None:
    elasticache.increase_replica_count(ReplicationGroupId="pushes", NewReplicaCount=2, ApplyImmediately=True)
    until("the third node", lambda: describe(elasticache)["Status"] == "available")
    primary = at(group["NodeGroups"][0]["PrimaryEndpoint"])
    assert primary.info("replication")["connected_slaves"] == 2  # pyright: ignore[reportIndexIssue]
    elasticache.decrease_replica_count(ReplicationGroupId="pushes", NewReplicaCount=0, ApplyImmediately=True)
    until("the primary to be alone", lambda: describe(elasticache)["Status"] == "available")
    assert describe(elasticache)["MemberClusters"] == ["pushes-001"]

    def alive() -> list[str]:
        return [record for record, pid in cloud.pids().items() if "/pushes-00" in record and pid]

    until("the replicas to end", lambda: len(alive()) == 1)


@pytest.mark.parametrize(
    "change",
    [{"NumNodeGroups": 2}, {"SnapshotName": "s"}],
)
def test_group_that_could_only_be_pretended_is_refused(elasticache: Any, change: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        elasticache.create_replication_group(
            ReplicationGroupId="refused", ReplicationGroupDescription="no", CacheNodeType="cache.t4g.micro", **change
        )
    assert code_of(refused.value) == "NotImplemented"
