"""A global datastore as the program declares it: a group, the datastore, a group of another region that joins it."""

from __future__ import annotations

import pytest

from tests.fixtures.cloud import Cloud, code
from tests.plugins.declared import Declared

pytestmark = pytest.mark.integration

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"


@pytest.fixture(autouse=True)
def environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.site.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tester")


def test_it_is_declared_changed_and_destroyed(cloud: Cloud) -> None:
    primary, secondary = Declared(GROUP, "primary"), Declared(GROUP, "secondary", "us-east-1")
    datastore = Declared("aws:elasticache/globalReplicationGroup:GlobalReplicationGroup", "datastore")
    primary.create(
        **{"replicationGroupId": "declared-west", "description": "the primary", "nodeType": "cache.m7g.large"},
        **{"engine": "redis", "engineVersion": "7.0", "numCacheClusters": 1, "port": 6379},
        **{"transitEncryptionEnabled": True, "authToken": "token-of-declared-ones", "applyImmediately": True},
    )
    declared = {"globalReplicationGroupIdSuffix": "declared", "primaryReplicationGroupId": "declared-west"}
    made = datastore.create(**declared)
    assert (datastore.id, made["transitEncryptionEnabled"]) == ("sgaui-declared", True)
    joined = {"replicationGroupId": "declared-east", "description": "the secondary", "numCacheClusters": 1}
    state = secondary.create(**joined, globalReplicationGroupId=datastore.id)
    assert state["primaryEndpointAddress"]
    assert [one.drift() for one in (primary, datastore, secondary)] == [[], [], []]
    datastore.update(**declared, globalReplicationGroupDescription="of both coasts")
    assert datastore.drift() == []
    assert secondary.diff(**joined, globalReplicationGroupId="sgaui-other").replaces == ["globalReplicationGroupId"]
    for one in (secondary, datastore, primary):
        one.delete()
    describe = cloud.client("elasticache", "us-east-1").describe_replication_groups
    assert code(describe, ReplicationGroupId="declared-east") == "ReplicationGroupNotFoundFault"
