"""A failover of a database and a cache on real engines, the region killed with kill -9, and the way back.

The giving region is us-east-1: other tests have engines in us-west-2. The lease's term is 2 s here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from contracts import lease
from contracts.lease import Lease
from contracts.pair import Pair
from contracts.recovery_point import DatabasePoint, not_streaming
from local.loss import model
from local.loss.ending import kill_processes
from local.loss.file import LossFile
from runbooks import journal as journals
from runbooks.adapters.elasticache import GlobalDatastore
from runbooks.adapters.kubernetes import RegionCluster
from runbooks.adapters.probes import CallProbe, HttpProbe, TcpProbe
from runbooks.adapters.rds import RdsDatabases
from runbooks.adapters.store import RegionStore
from runbooks.adapters.witness import WitnessBucket
from runbooks.model import Entry, Event, Mode, Observation, Step
from runbooks.plans.actions import Groups, Runbook, runbook
from runbooks.plans.failover import take_stores
from runbooks.plans.switchover import rebuild
from runbooks.ports import Environment, Region
from runbooks.runner import Outcome, Runner
from runbooks.steps.seen import points
from runbooks.turn import Turns
from services.kit import witness as kept
from services.recorder.postgres import database_point
from services.recorder.redis import cache_point
from services.recorder.sampling import Stores, sample, write
from tests.cloud.rds import PASSWORD, available, connect, delete, describe
from tests.fixtures.cloud import Cloud
from tests.fixtures.waiting import until

pytestmark = pytest.mark.pair
EAST, WEST, WITNESS = "us-east-1", "us-west-2", "us-east-2"
DATABASE = {EAST: "failover-east", WEST: "failover-west"}
CACHE = {EAST: "failover-cache-east", WEST: "failover-cache-west"}
TOKEN = "token-of-the-failover"
TERM_S = 2.0


@dataclass
class Typist:
    name: str = "ada@laptop"
    asked: list[str] = field(default_factory=list)

    def show(self, entries: Sequence[Entry], observed: Mapping[str, Observation]) -> None:
        """Not shown."""

    def ask(self, step: Step, question: str, phrase: str) -> str | None:
        self.asked.append(question)
        return phrase


@dataclass
class Platform:
    cloud: Cloud
    pair: Pair
    lost: str = ""
    """A region of which no API may be asked, nor one of a global service."""

    def connect(self, service: str, region: str, config: object) -> Any:
        assert service in ("rds", "elasticache", "s3"), f"a runbook needs no {service}"
        client = self.cloud.client(service, region)
        client.meta.events.register("before-call.*", lambda **_: self._allowed(region))
        return client

    def _allowed(self, region: str) -> None:
        assert region != self.lost, f"an API of {region} was asked"

    def environment(self) -> Environment:
        regions = {name: self._region(name) for name in (EAST, WEST)}
        pool = ThreadPoolExecutor(4)
        return Environment(
            self.pair, self.witness(), regions, time.time, time.sleep, lambda calls: [*pool.map(_call, calls)]
        )

    def witness(self) -> WitnessBucket:
        return WitnessBucket(self.connect, WITNESS, self.pair.witness_bucket)

    def _region(self, name: str) -> Region:
        def api() -> object:
            return self.cloud.client("rds", name).describe_db_instances()

        address = describe(self.cloud, DATABASE[name], name)["Endpoint"] if name != self.lost else self.address
        gateway = f"https://{self.cloud.site.engine_address(name, 4000)}:8443/active"
        probes = [
            HttpProbe("gateway", lambda: gateway),
            CallProbe("RDS", api, (Exception,)),
            TcpProbe("database", lambda: (address["Address"], address["Port"])),
        ]
        datastore = GlobalDatastore(self.connect, name, self.pair.global_datastore, self.pair.replication_groups)
        nobody = lambda: pytest.fail("no step of these plans needs a cluster")  # noqa: E731
        databases = RdsDatabases(self.connect, name)
        cluster, store = RegionCluster(name, nobody), RegionStore(name, nobody)
        return Region(name, databases, datastore, cluster, store, probes, probes[0])

    address: dict[str, Any] = field(default_factory=dict)

    def run(self, book: Runbook, file: Path, person: Typist | None = None) -> tuple[Outcome, list[Entry]]:
        s3 = self.cloud.client("s3", WEST)
        bucket = self.pair.backup_buckets[WEST]
        copy = lambda key, line: s3.put_object(Bucket=bucket, Key=key, Body=line)  # noqa: E731
        with journals.opened(file, [copy]) as journal:
            turns = Turns(self.witness(), book.plan.name, file.stem, "ada@laptop", "one")
            outcome = Runner(book, journal, turns, self.environment(), person or Typist()).start()
            return outcome, journal.entries


def _call(call: Callable[[], object]) -> object:
    return call()


@pytest.fixture(scope="module")
def platform(cloud: Cloud) -> Iterator[Platform]:
    east, west = cloud.client("rds", EAST), cloud.client("rds", WEST)
    given = {"DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "EngineVersion": "15", "DBName": "accounts"}
    login = {"MasterUsername": "aura", "MasterUserPassword": PASSWORD, "AllocatedStorage": 20}
    east.create_db_instance(DBInstanceIdentifier=DATABASE[EAST], BackupRetentionPeriod=1, **given, **login)
    caches = {name: cloud.client("elasticache", name) for name in (EAST, WEST)}
    caches[EAST].create_replication_group(
        ReplicationGroupId=CACHE[EAST],
        ReplicationGroupDescription="d",
        CacheNodeType="cache.m7g.large",
        TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True,
        AuthToken=TOKEN,
    )
    source = available(cloud, DATABASE[EAST], EAST)
    with connect(source) as connection:
        connection.execute("CREATE TABLE t (n int)")
    arn = source["DBInstanceArn"]
    west.create_db_instance_read_replica(DBInstanceIdentifier=DATABASE[WEST], SourceDBInstanceIdentifier=arn)
    until("the cache", lambda: group(cloud, EAST)["Status"] == "available")
    caches[EAST].create_global_replication_group(
        GlobalReplicationGroupIdSuffix="failover", PrimaryReplicationGroupId=CACHE[EAST]
    )
    (datastore,) = [
        found["GlobalReplicationGroupId"]
        for found in caches[EAST].describe_global_replication_groups()["GlobalReplicationGroups"]
        if found["GlobalReplicationGroupId"].endswith("failover")
    ]
    until("the datastore", lambda: status(cloud, datastore) == "primary-only")
    caches[WEST].create_replication_group(
        ReplicationGroupId=CACHE[WEST], ReplicationGroupDescription="d", GlobalReplicationGroupId=datastore
    )
    until("the datastore", lambda: status(cloud, datastore) == "available")
    replica = available(cloud, DATABASE[WEST], WEST)
    for region, name in ((WITNESS, "failover-witness"), (WEST, "failover-backups")):
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        cloud.client("s3", region).create_bucket(Bucket=name, **where)
    pair = Pair(
        home=EAST,
        away=WEST,
        databases={"accounts": {EAST: arn, WEST: replica["DBInstanceArn"]}},
        global_datastore=datastore,
        replication_groups=CACHE,
        streams={},
        replicators={},
        backup_buckets={WEST: "failover-backups"},
        state_buckets={},
        witness_bucket="failover-witness",
    )
    yield Platform(cloud, pair, address=source["Endpoint"])
    LossFile(cloud.site).change(lambda loss: model.restore(loss, EAST))
    for region in (EAST, WEST):
        delete(cloud, DATABASE[region], region)


def group(cloud: Cloud, region: str) -> dict[str, Any]:
    api = cloud.client("elasticache", region)
    return api.describe_replication_groups(ReplicationGroupId=CACHE[region])["ReplicationGroups"][0]


def status(cloud: Cloud, datastore: str) -> str:
    api = cloud.client("elasticache", EAST)
    return api.describe_global_replication_groups(GlobalReplicationGroupId=datastore)["GlobalReplicationGroups"][0][
        "Status"
    ]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorder takes those of its environment, as a Pod does."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tester")


@contextmanager
def recorded(platform: Platform) -> Iterator[None]:
    """The recorders of both regions, as processes in them would run: they end with what they cannot reach."""
    ended = threading.Event()
    threads = [threading.Thread(target=_record, args=(platform, region, ended)) for region in (EAST, WEST)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _record(platform: Platform, region: str, ended: threading.Event) -> None:
    cloud = platform.cloud
    database = describe(cloud, DATABASE[region], region)["Endpoint"]
    cache = group(cloud, region)["NodeGroups"][0]["PrimaryEndpoint"]
    uri = f"postgresql://aura:{PASSWORD}@{database['Address']}:{database['Port']}/accounts"
    authority = str(cloud.site.authority / "ca.crt")
    client = redis.Redis(
        cache["Address"], cache["Port"], password=TOKEN, ssl=True, ssl_ca_certs=authority, socket_timeout=2
    )
    asked: dict[str, Callable[[], DatabasePoint]] = {"accounts": lambda: database_point(uri)}
    witness = kept.WitnessBucket(platform.pair.witness_bucket, WITNESS, cloud.site.endpoint_url)
    while not ended.wait(0.5):
        taken = sample(witness, Stores(asked, cache=lambda: cache_point(client)), time.time())
        if not LossFile(cloud.site).current().lost(region):
            write(witness, region, taken)


def renewed(platform: Platform) -> None:
    """As the service `region` of the east does, once."""
    witness = platform.witness()
    stored = witness.read(lease.LEASE_KEY)
    held = Lease(EAST, "process of the east", 1, time.time(), TERM_S)
    witness.write(lease.LEASE_KEY, lease.encode(held), stored.etag if stored else None)


def streamed(platform: Platform) -> bool:
    """Whether a sample of the east is newer than one in which its replica streamed."""
    newest, there = points(platform.witness(), EAST).newest, points(platform.witness(), WEST)
    return newest is not None and not not_streaming(there, platform.pair.databases, newest.at)


def plan(platform: Platform, name: str, giving: str, groups: Groups) -> Runbook:
    return runbook(name, Mode.UNGRACEFUL, giving, platform.pair.other(giving), groups)


def rows(instance: dict[str, Any]) -> set[int]:
    with connect(instance) as connection:
        return {number for (number,) in connection.execute("SELECT n FROM t")}


def test_a_killed_region_is_failed_over_and_loses_no_more_than_was_accepted(platform: Platform, tmp_path: Path) -> None:
    cloud, acknowledged = platform.cloud, set[int]()
    with recorded(platform):
        renewed(platform)
        with connect(describe(cloud, DATABASE[EAST], EAST)) as connection, pytest.raises(psycopg.OperationalError):
            connection.autocommit = True
            for number in range(1_000_000):
                connection.execute("INSERT INTO t VALUES (%s)", [number])
                acknowledged.add(number)
                if number == 300:
                    until("recovery points", lambda: streamed(platform))
                    renewed(platform)
                    LossFile(cloud.site).change(lambda loss: model.kill(loss, EAST))
                    kill_processes(cloud.site, EAST)
        platform.lost = EAST
        person, file = Typist(), tmp_path / "failover-1.jsonl"
        outcome, entries = platform.run(plan(platform, "failover", EAST, take_stores(platform.pair)), file, person)
    assert outcome is Outcome.COMPLETED, entries[-1]
    assert len(person.asked) == 1
    promoted = describe(cloud, DATABASE[WEST], WEST)
    with connect(promoted) as connection:
        connection.execute("INSERT INTO t VALUES (-1)")
    assert acknowledged - rows(promoted) <= set(range(250, 302))
    held = platform.witness().read(lease.LEASE_KEY)
    assert held is not None
    assert (lease.decode(held.body).region, lease.decode(held.body).epoch) == (WEST, 2)
    s3 = cloud.client("s3", WEST)
    copies = s3.list_objects_v2(Bucket="failover-backups", Prefix="runbooks/failover-1/")["Contents"]
    assert len(copies) == len(entries)
    assert [entry.step for entry in entries if entry.event is Event.ASKED] == ["accept-loss"]
    assert group(cloud, WEST)["GlobalReplicationGroupInfo"]["GlobalReplicationGroupMemberRole"] == "PRIMARY"


def test_the_region_that_returns_is_no_target_until_its_database_is_a_replica(
    platform: Platform, tmp_path: Path
) -> None:
    cloud = platform.cloud
    LossFile(cloud.site).change(lambda loss: model.restore(loss, EAST))
    platform.lost = ""
    available(cloud, DATABASE[EAST], EAST)
    second = plan(platform, "failover", WEST, take_stores(platform.pair))
    outcome, entries = platform.run(second, tmp_path / "failover-2.jsonl")
    assert outcome is Outcome.PAUSED
    assert "follows nobody" in entries[-1].text
    person = Typist()
    back = plan(platform, "failback", WEST, rebuild(platform.pair, EAST))
    outcome, entries = platform.run(back, tmp_path / "failback-1.jsonl", person)
    assert outcome is Outcome.COMPLETED, entries[-1]
    assert len(person.asked) == 1
    rebuilt = describe(cloud, DATABASE[EAST], EAST)
    assert rebuilt["ReadReplicaSourceDBInstanceIdentifier"] == describe(cloud, DATABASE[WEST], WEST)["DBInstanceArn"]
    until("the east to have every row", lambda: rows(rebuilt) == rows(describe(cloud, DATABASE[WEST], WEST)))
    snapshots = cloud.client("rds", EAST).describe_db_snapshots(DBInstanceIdentifier=DATABASE[EAST])["DBSnapshots"]
    assert "failover-east-failback-1" in [found["DBSnapshotIdentifier"] for found in snapshots]
