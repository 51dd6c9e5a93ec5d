"""A global datastore: a group of the west is replicated to the east over TLS, and either can be the primary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError
from redis.retry import Retry

from tests.fixtures.cloud import Cloud, code
from tests.fixtures.waiting import until

TOKEN = "token-of-both-regions"
WEST, EAST = "us-west-2", "us-east-1"
NAMES = {WEST: "datastore-west", EAST: "datastore-east"}
ID = "sgaui-datastore"

pytestmark = pytest.mark.integration


@dataclass
class Pair:
    cloud: Cloud

    def api(self, region: str) -> Any:
        return self.cloud.client("elasticache", region)

    def group(self, region: str) -> dict[str, Any]:
        (found,) = self.api(region).describe_replication_groups(ReplicationGroupId=NAMES[region])["ReplicationGroups"]
        return found

    def available(self, region: str) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            group = self.group(region)
            return group if group["Status"] == "available" else None

        return until(f"the group in {region} to be available", found)

    def datastore(self, region: str = EAST) -> dict[str, Any]:
        answer = self.api(region).describe_global_replication_groups(GlobalReplicationGroupId=ID, ShowMemberInfo=True)
        return answer["GlobalReplicationGroups"][0]

    def is_status(self, status: str) -> None:
        until(f"the datastore to be {status}", lambda: self.datastore()["Status"] == status)

    def roles(self) -> dict[str, str]:
        return {member["ReplicationGroupRegion"]: member["Role"] for member in self.datastore()["Members"]}

    def redis(self, region: str) -> redis.Redis:
        where = self.group(region)["NodeGroups"][0]["PrimaryEndpoint"]
        trust = {"ssl": True, "ssl_ca_certs": str(self.cloud.site.authority / "ca.crt"), "ssl_check_hostname": True}
        once = Retry(NoBackoff(), 0)
        return redis.Redis(where["Address"], where["Port"], password=TOKEN, socket_timeout=5, retry=once, **trust)

    def failover(self, region: str) -> None:
        target = {"PrimaryRegion": region, "PrimaryReplicationGroupId": NAMES[region]}
        answer = self.api(EAST).failover_global_replication_group(GlobalReplicationGroupId=ID, **target)
        assert answer["GlobalReplicationGroup"]["Status"] == "modifying"
        self.is_status("available")
        for one in (WEST, EAST):
            self.available(one)


@pytest.fixture(scope="module")
def pair(cloud: Cloud) -> Iterator[Pair]:
    pair = Pair(cloud)
    pair.api(WEST).create_replication_group(
        ReplicationGroupId=NAMES[WEST],
        ReplicationGroupDescription="the primary",
        CacheNodeType="cache.m7g.large",
        TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True,
        AuthToken=TOKEN,
    )
    pair.available(WEST)
    pair.api(WEST).create_global_replication_group(
        GlobalReplicationGroupIdSuffix="datastore", PrimaryReplicationGroupId=NAMES[WEST]
    )
    pair.is_status("primary-only")
    pair.api(EAST).create_replication_group(
        ReplicationGroupId=NAMES[EAST], ReplicationGroupDescription="the secondary", GlobalReplicationGroupId=ID
    )
    pair.is_status("available")
    yield pair
    for region in (WEST, EAST):
        pair.available(region)
        pair.api(region).delete_replication_group(ReplicationGroupId=NAMES[region])


def test_the_secondary_has_what_the_primary_has_and_takes_no_writes(pair: Pair) -> None:
    pair.redis(WEST).set("written", "in the west")
    east = pair.redis(EAST)
    until("the east to have it", lambda: east.get("written") == b"in the west")
    with pytest.raises(ReadOnlyError):
        east.set("written", "in the east")
    described = pair.available(EAST)
    assert described["GlobalReplicationGroupInfo"] == {
        "GlobalReplicationGroupId": ID,
        "GlobalReplicationGroupMemberRole": "SECONDARY",
    }
    assert (described["CacheNodeType"], described["AuthTokenEnabled"]) == ("cache.m7g.large", True)
    assert pair.roles() == {WEST: "PRIMARY", EAST: "SECONDARY"}
    for region in (WEST, EAST):
        listed = pair.api(region).describe_global_replication_groups()["GlobalReplicationGroups"]
        assert [found["GlobalReplicationGroupId"] for found in listed] == [ID]


def test_its_lag_is_in_the_cloudwatch_of_the_secondarys_region(pair: Pair) -> None:
    def lags() -> list[float]:
        now = datetime.now(UTC)
        points = pair.cloud.client("cloudwatch", EAST).get_metric_statistics(
            Namespace="AWS/ElastiCache",
            MetricName="GlobalDatastoreReplicationLag",
            Dimensions=[{"Name": "CacheClusterId", "Value": f"{NAMES[EAST]}-001"}],
            **{"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(minutes=1), "Period": 60},
            Statistics=["Maximum"],
        )["Datapoints"]
        return [point["Maximum"] for point in points]

    assert 0 <= until("a data point", lags)[0] < 60


def test_what_aws_refuses_is_refused(pair: Pair) -> None:
    west, east = pair.api(WEST), pair.api(EAST)
    creation = {"GlobalReplicationGroupIdSuffix": "datastore", "PrimaryReplicationGroupId": NAMES[WEST]}
    assert code(west.create_global_replication_group, **creation) == "GlobalReplicationGroupAlreadyExistsFault"
    other = {**creation, "GlobalReplicationGroupIdSuffix": "other"}
    assert code(west.create_global_replication_group, **other) == "InvalidParameterValue"
    none = {"GlobalReplicationGroupId": "sgaui-none"}
    assert code(west.describe_global_replication_groups, **none) == "GlobalReplicationGroupNotFoundFault"
    new = {"ReplicationGroupId": "datastore-third", "ReplicationGroupDescription": "d"}
    assert code(east.create_replication_group, **new, **none) == "GlobalReplicationGroupNotFoundFault"
    assert code(east.create_replication_group, **new, GlobalReplicationGroupId=ID) == "InvalidParameterValue"
    given = {"GlobalReplicationGroupId": ID, "CacheNodeType": "cache.m7g.large"}
    assert code(east.create_replication_group, **new, **given) == "InvalidParameterCombination"
    for region in (WEST, EAST):
        name = {"ReplicationGroupId": NAMES[region]}
        assert code(pair.api(region).delete_replication_group, **name) == "InvalidReplicationGroupState"
        resize = {**name, "CacheNodeType": "cache.r7g.large", "ApplyImmediately": True}
        assert code(pair.api(region).modify_replication_group, **resize) == "InvalidParameterValue"
    datastore = {"GlobalReplicationGroupId": ID}
    deletion = {**datastore, "RetainPrimaryReplicationGroup": True}
    assert code(west.delete_global_replication_group, **deletion) == "InvalidGlobalReplicationGroupState"
    primary = {**datastore, "ReplicationGroupId": NAMES[WEST], "ReplicationGroupRegion": WEST}
    assert code(west.disassociate_global_replication_group, **primary) == "InvalidParameterValue"
    itself = {**datastore, "PrimaryRegion": WEST, "PrimaryReplicationGroupId": NAMES[WEST]}
    assert code(west.failover_global_replication_group, **itself) == "InvalidParameterValue"


def test_a_failover_loses_no_write_and_the_former_primary_follows(pair: Pair) -> None:
    west = pair.redis(WEST)
    for number in range(200):
        west.rpush("numbers", number)
    pair.failover(EAST)
    assert pair.roles() == {WEST: "SECONDARY", EAST: "PRIMARY"}
    assert pair.redis(EAST).llen("numbers") == 200
    pair.redis(EAST).set("after", "in the east")
    until("the west to follow", lambda: pair.redis(WEST).get("after") == b"in the east")
    with pytest.raises(ReadOnlyError):
        pair.redis(WEST).set("after", "in the west")


def test_a_changed_node_type_and_description_are_those_of_all(pair: Pair) -> None:
    change = {"CacheNodeType": "cache.r7g.large", "GlobalReplicationGroupDescription": "of tests"}
    pair.api(WEST).modify_global_replication_group(GlobalReplicationGroupId=ID, ApplyImmediately=True, **change)
    assert {pair.available(region)["CacheNodeType"] for region in (WEST, EAST)} == {"cache.r7g.large"}
    assert pair.datastore()["GlobalReplicationGroupDescription"] == "of tests"


def test_a_disassociated_secondary_goes_on_alone_and_the_datastore_ends(pair: Pair) -> None:
    pair.redis(EAST).set("last", "of both")
    until("the west to have it", lambda: pair.redis(WEST).get("last") == b"of both")
    leaving = {"ReplicationGroupId": NAMES[WEST], "ReplicationGroupRegion": WEST}
    pair.api(WEST).disassociate_global_replication_group(GlobalReplicationGroupId=ID, **leaving)
    pair.is_status("primary-only")
    pair.redis(WEST).set("own", "of the west")
    assert pair.redis(WEST).get("last") == b"of both"
    assert pair.redis(EAST).get("own") is None
    pair.api(EAST).delete_global_replication_group(GlobalReplicationGroupId=ID, RetainPrimaryReplicationGroup=True)
    none = {"GlobalReplicationGroupId": ID}
    api = pair.api(EAST)
    until("the datastore to be gone", lambda: not api.describe_global_replication_groups()["GlobalReplicationGroups"])
    assert code(api.describe_global_replication_groups, **none) == "GlobalReplicationGroupNotFoundFault"
    assert pair.redis(EAST).set("still", "written")
