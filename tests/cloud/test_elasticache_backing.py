"""What the control loop makes of a group's engines, when it was interrupted or has an old state before it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from local.cloud.context import CloudContext
from local.cloud.svc.elasticache import describe
from local.cloud.svc.elasticache.backing import ReplicationGroupBacking
from local.cloud.svc.elasticache.model import CacheState, Endpoints, Group, Member
from local.site import Site
from tests.cloud.maintenance_window import around
from tests.fixtures.engines import SITE_INDEX, ScratchEnvironment
from tests.fixtures.waiting import until

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def backing(scratch: ScratchEnvironment) -> Iterator[ReplicationGroupBacking]:
    """Of an available group with a primary and a replica, without an endpoint."""
    context = CloudContext(Site(scratch.folder / "backing", SITE_INDEX))
    state = CacheState("us-west-2")
    members = [Member(f"g-00{number}", scratch.addresses[number + 2], "us-west-2a") for number in (1, 2)]
    inputs = {"ReplicationGroupDescription": "d", "AutomaticFailoverEnabled": True}
    group = Group("us-west-2", "g", "arn:aws:elasticache:us-west-2:1:replicationgroup:g", inputs, members, NOW, {})
    group.administrator, group.endpoints = "secret", Endpoints(scratch.addresses[5], scratch.addresses[6])
    state.groups["g"] = group
    backing = ReplicationGroupBacking(context, state, group)
    backing.reconcile()
    yield backing
    group.status = "deleting"
    backing.reconcile()


def at(address: str) -> Any:
    return redis.Redis(address, socket_timeout=5)


@pytest.mark.integration
def test_a_failover_that_was_recorded_and_not_begun_is_completed_with_every_write(
    backing: ReplicationGroupBacking,
) -> None:
    group = backing.group
    at(group.members[0].address).set("written", "before")
    group.primary_name, group.failover, group.status = "g-002", "any", "modifying"
    backing.reconcile()
    assert group.status == "available"
    assert [at(member.address).info("replication")["role"] for member in group.members] == ["slave", "master"]
    assert group.endpoints is not None
    assert at(group.endpoints.primary).get("written") == b"before"
    assert at(group.endpoints.primary).set("after", "yes")


@pytest.mark.integration
def test_a_dead_primary_that_was_replaced_in_the_state_only_follows(backing: ReplicationGroupBacking) -> None:
    group = backing.group
    backing.engines.process(group.members[0]).kill()
    group.primary_name, group.status = "g-002", "modifying"
    backing.reconcile()
    assert [at(member.address).info("replication")["role"] for member in group.members] == ["slave", "master"]


@pytest.mark.integration
def test_what_waits_is_applied_in_the_maintenance_window(backing: ReplicationGroupBacking) -> None:
    group, now = backing.group, datetime.now(UTC)
    memory = [at(member.address).info("memory")["maxmemory"] for member in group.members]
    group.pending = {"CacheNodeType": "cache.m6g.large"}
    group.inputs["PreferredMaintenanceWindow"] = around(now + timedelta(hours=2))
    backing.reconcile()
    assert (dict(group.pending), group.node_type) == ({"CacheNodeType": "cache.m6g.large"}, "cache.t4g.micro")
    group.inputs["PreferredMaintenanceWindow"] = around(now)
    until("it to be applied", lambda: backing.reconcile() or (not group.pending and group.status == "available"))
    assert group.node_type == "cache.m6g.large"
    after = [at(member.address).info("memory")["maxmemory"] for member in group.members]
    assert all(more > less for more, less in zip(after, memory, strict=True))


def test_a_state_of_before_is_read_and_described() -> None:
    """Its groups have neither the provider's user nor addresses of their own for the endpoints."""
    former = {
        **{"region": "us-west-2", "name": "g", "arn": "arn:aws:elasticache:us-west-2:1:replicationgroup:g"},
        **{"inputs": {"ReplicationGroupDescription": "d", "NumCacheClusters": 2}, "created": NOW, "tags": {}},
        "members": [Member("g-001", "127.0.0.2", "us-west-2a"), Member("g-002", "127.0.0.3", "us-west-2b")],
        **{"status": "available", "leaving": []},
    }
    group = Group.__new__(Group)
    group.__setstate__(former)
    state = CacheState.__new__(CacheState)
    state.__setstate__({"region": "us-west-2", "subnet_groups": {}, "parameter_groups": {}, "groups": {"g": group}})
    state = pickle.loads(pickle.dumps(state))
    described = describe.replication_group(state.groups["g"])
    assert described["NodeGroups"][0]["PrimaryEndpoint"] == {"Address": "127.0.0.2", "Port": 6379}
    assert (described["AuthTokenEnabled"], described["PendingModifiedValues"]) == (False, {})
    assert state.member("g-002") is not None
    assert (state.snapshots, state.events, state.clusters) == ({}, [], {})
