"""Snapshots are RDB files of the real data; a group or a cluster made from one has what was in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError

from local.cloud.svc.elasticache import schedule
from local.cloud.svc.elasticache.model import CacheState, Group, Member, Snapshot
from local.cloud.svc.elasticache.snapshots import take_automatic
from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.waiting import until

SOURCE, CLUSTER = "snapped", "snapped-alone"
NODE = "cache.t4g.micro"
CREATION = {"ReplicationGroupDescription": "d", "CacheNodeType": NODE}


@pytest.fixture(scope="module")
def elasticache(cloud: Cloud) -> Iterator[Any]:
    client = cloud.client("elasticache")
    yield client
    for snapshot in client.describe_snapshots()["Snapshots"]:
        client.delete_snapshot(SnapshotName=snapshot["SnapshotName"])
    until("the snapshots to go", lambda: client.describe_snapshots()["Snapshots"] == [])


def endpoint(elasticache: Any, name: str) -> dict[str, Any]:
    """Of the replication group, once it is available."""

    def described() -> dict[str, Any] | None:
        (group,) = elasticache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
        return group["NodeGroups"][0]["PrimaryEndpoint"] if group["Status"] == "available" else None

    return until("the group to be available", described)


def at(where: dict[str, Any]) -> redis.Redis:
    return redis.Redis(where["Address"], where["Port"], socket_timeout=5)


def available(elasticache: Any, name: str) -> dict[str, Any]:
    def described() -> dict[str, Any] | None:
        (snapshot,) = elasticache.describe_snapshots(SnapshotName=name)["Snapshots"]
        return snapshot if snapshot["SnapshotStatus"] == "available" else None

    return until("the snapshot to be available", described)


@pytest.mark.integration
def test_a_copy_restores_what_was_there_and_a_final_snapshot_keeps_the_rest(elasticache: Any) -> None:
    elasticache.create_replication_group(ReplicationGroupId=SOURCE, **CREATION)
    where = endpoint(elasticache, SOURCE)
    at(where).mset({f"key-{number}": "before" for number in range(100)})
    made = elasticache.create_snapshot(SnapshotName="snapped-1", ReplicationGroupId=SOURCE)["Snapshot"]
    assert made["SnapshotStatus"] == "creating"
    assert available(elasticache, "snapped-1")["ReplicationGroupId"] == SOURCE
    endpoint(elasticache, SOURCE)
    at(where).set("key-0", "after")
    elasticache.copy_snapshot(SourceSnapshotName="snapped-1", TargetSnapshotName="snapped-2")
    available(elasticache, "snapped-2")
    elasticache.delete_replication_group(ReplicationGroupId=SOURCE, FinalSnapshotIdentifier="snapped-final")
    elasticache.create_replication_group(ReplicationGroupId="snapped-back", SnapshotName="snapped-2", **CREATION)
    restored = endpoint(elasticache, "snapped-back")
    assert (at(restored).get("key-0"), at(restored).dbsize()) == (b"before", 100)
    available(elasticache, "snapped-final")
    elasticache.create_cache_cluster(
        CacheClusterId=CLUSTER, Engine="redis", CacheNodeType=NODE, SnapshotName="snapped-final"
    )

    def alone() -> dict[str, Any] | None:
        found = elasticache.describe_cache_clusters(
            ShowCacheClustersNotInReplicationGroups=True, ShowCacheNodeInfo=True
        )
        clusters = [c for c in found["CacheClusters"] if c["CacheClusterId"] == CLUSTER]
        return clusters[0] if clusters and clusters[0]["CacheClusterStatus"] == "available" else None

    cluster = until("the cluster to be available", alone)
    assert at(cluster["CacheNodes"][0]["Endpoint"]).get("key-0") == b"after"
    assert "ReplicationGroupId" not in cluster
    elasticache.delete_cache_cluster(CacheClusterId=CLUSTER)
    elasticache.delete_replication_group(ReplicationGroupId="snapped-back")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("operation", "inputs", "code"),
    [
        ("create_snapshot", {"SnapshotName": "x", "ReplicationGroupId": "nosuch"}, "ReplicationGroupNotFoundFault"),
        ("create_snapshot", {"SnapshotName": "x", "CacheClusterId": "nosuch"}, "CacheClusterNotFound"),
        ("create_snapshot", {"SnapshotName": "x"}, "InvalidParameterCombination"),
        ("create_snapshot", {"SnapshotName": "x--y", "ReplicationGroupId": "nosuch"}, "InvalidParameterValue"),
        ("delete_snapshot", {"SnapshotName": "nosuch"}, "SnapshotNotFoundFault"),
        ("describe_snapshots", {"SnapshotName": "nosuch"}, "SnapshotNotFoundFault"),
        ("describe_snapshots", {"SnapshotSource": "mars"}, "InvalidParameterValue"),
        ("copy_snapshot", {"SourceSnapshotName": "nosuch", "TargetSnapshotName": "x"}, "SnapshotNotFoundFault"),
    ],
)
def test_what_is_no_snapshot_is_refused(elasticache: Any, operation: str, inputs: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(elasticache, operation)(**inputs)
    assert code_of(refused.value) == code


NOW = datetime(2026, 11, 28, 5, 30, tzinfo=UTC)


def kept_for(days: int) -> tuple[CacheState, Group]:
    state = CacheState("us-west-2")
    group = Group("us-west-2", "g", "arn", {"SnapshotRetentionLimit": days}, [Member("g-001", "a", "z")], NOW, {})
    state.groups["g"] = group
    return state, group


def test_one_automatic_snapshot_is_taken_in_each_daily_window() -> None:
    state, group = kept_for(2)
    assert schedule.snapshot_is_due(state, group, NOW)
    assert not schedule.snapshot_is_due(state, group, NOW + timedelta(hours=2))
    take_automatic(state, group, NOW)
    (snapshot,) = state.snapshots.values()
    assert (snapshot.automatic, snapshot.described["ReplicationGroupId"]) == (True, "g")
    assert not schedule.snapshot_is_due(state, group, NOW + timedelta(minutes=20))
    assert schedule.snapshot_is_due(state, group, NOW + timedelta(days=1))


def test_an_automatic_snapshot_expires_and_a_manual_one_stays() -> None:
    state, group = kept_for(2)
    take_automatic(state, group, NOW)
    state.snapshots["own"] = Snapshot("us-west-2", "own", "arn", {}, {"ReplicationGroupId": "g"}, NOW)
    assert schedule.expired(state, group, NOW + timedelta(days=2)) == []
    (gone,) = schedule.expired(state, group, NOW + timedelta(days=2, seconds=1))
    assert gone.automatic


def test_without_retention_no_automatic_snapshot_is_taken() -> None:
    assert not schedule.snapshot_is_due(*kept_for(0), NOW)
