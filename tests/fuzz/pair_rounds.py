"""Transitions of replicas, in each of which the endpoint is killed at a random moment; what then must be so."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import redis
from botocore.exceptions import BotoCoreError, ClientError
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from local.cloud import endpoint
from tests.cloud.rds import PASSWORD, connect, describe
from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.waiting import until

WEST, EAST = "us-west-2", "us-east-1"
SOURCE, DATASTORE = "pair-source", "sgaui-pair"
GROUPS = {WEST: "pair-west", EAST: "pair-east"}
_START_SECONDS, _SETTLE_SECONDS = 240.0, 240.0
_LATEST_KILL = 2.5
"""Seconds after the call."""


class Wrong(Exception):
    """What was found; the first argument is the same for all of its kind."""


@dataclass
class Watch:
    """Looks all the time whether two copies take writes, in a thread."""

    both: Callable[[], bool]
    seen: bool = False
    _end: threading.Event = field(default_factory=threading.Event)

    def _look(self) -> None:
        while not self._end.wait(0.02):
            with suppress(psycopg.Error, RedisError, OSError, ClientError, BotoCoreError):
                self.seen = self.seen or self.both()

    @contextmanager
    def watching(self, what: str) -> Iterator[None]:
        looking = threading.Thread(target=self._look, daemon=True)
        looking.start()
        try:
            yield
        finally:
            self._end.set()
            looking.join()
        if self.seen:
            raise Wrong(f"two writable copies: {what}")


@dataclass
class Rounds:
    """On a cloud with an instance in the west and a global datastore whose primary may be in either region."""

    cloud: Cloud
    chance: random.Random = field(default_factory=random.Random)
    number: int = 0

    def interrupted(self, call: Callable[[], object]) -> bool:
        """Makes the call and kills the endpoint at a random moment after it began; whether it was acknowledged."""
        moment = self.chance.random() ** 2 * _LATEST_KILL
        kill = threading.Timer(moment, endpoint.process(self.cloud.site).kill)
        kill.start()
        acknowledged = False
        with suppress(BotoCoreError):
            call()
            acknowledged = True
        kill.join()
        endpoint.start(self.cloud.site, _START_SECONDS)
        return acknowledged

    def replica(self) -> None:
        """Is created and promoted, each with a kill, and deleted."""
        name, abroad, written = f"pair-{self.number}", self.cloud.client("rds", EAST), self._write()
        wanted = {"SourceDBInstanceIdentifier": describe(self.cloud, SOURCE, WEST)["DBInstanceArn"]}

        def create() -> None:
            abroad.create_db_instance_read_replica(DBInstanceIdentifier=name, **wanted)

        with Watch(lambda: self._takes_writes(name)).watching("a replica that nobody promoted"):
            acknowledged = self.interrupted(create)
            if not self._exists(name):
                if acknowledged:
                    raise Wrong("an acknowledged replica is gone")
                create()  # the name is free, and nothing in the way
            self._settled(name)
            until(f"{name} to have the row", lambda: self._has(name, written), _SETTLE_SECONDS)
        acknowledged = self.interrupted(lambda: abroad.promote_read_replica(DBInstanceIdentifier=name))
        self._settled(name)
        promoted = "ReadReplicaSourceDBInstanceIdentifier" not in describe(self.cloud, name, EAST)
        if acknowledged and not promoted:
            raise Wrong("an acknowledged promotion was undone")
        if promoted is not self._takes_writes(name):
            raise Wrong("the description and the server differ", f"promoted: {promoted}")
        if promoted:
            with suppress(ClientError):
                abroad.promote_read_replica(DBInstanceIdentifier=name)
                raise Wrong("a second promotion was accepted")
        if not self._has(name, written):
            raise Wrong("a row that the replica had is gone after its promotion")
        self._delete(name)

    def failover(self) -> None:
        """Of the datastore, with a kill."""
        before = self._primary()
        to = EAST if before == WEST else WEST
        self._redis(before).set("round", self.number)
        self._redis(before).execute_command("WAIT", 1, 20_000)
        target = {"PrimaryRegion": to, "PrimaryReplicationGroupId": GROUPS[to]}
        api = self.cloud.client("elasticache", to)

        def call() -> None:
            api.failover_global_replication_group(GlobalReplicationGroupId=DATASTORE, **target)

        with Watch(self._two_primaries).watching("both groups of a datastore"):
            acknowledged = self.interrupted(call)
            until("the datastore to settle", self._datastore_settled, _SETTLE_SECONDS)
            roles = until("the servers of the datastore", self._roles, _SETTLE_SECONDS)
        after = self._primary()
        if acknowledged and after != to:
            raise Wrong("an acknowledged failover was undone")
        if roles != {region: "master" if region == after else "slave" for region in GROUPS}:
            raise Wrong("the description and the servers differ", f"primary {after}, servers {roles}")
        if self._redis(after).get("round") != str(self.number).encode():
            raise Wrong("a write that both had is gone after a failover")

    def _write(self) -> int:
        with connect(describe(self.cloud, SOURCE, WEST)) as connection:
            connection.execute("INSERT INTO rounds VALUES (%s)", [self.number])
        return self.number

    def _has(self, name: str, row: int) -> bool:
        with suppress(psycopg.OperationalError), connect(describe(self.cloud, name, EAST)) as connection:
            return connection.execute("SELECT 1 FROM rounds WHERE n = %s", [row]).fetchone() is not None
        return False

    def _takes_writes(self, name: str) -> bool:
        """By its server; what the endpoint says of it needs an endpoint."""
        address = self._address(name)
        if address is None:
            return False
        to = {"host": address, "port": 5432, "user": "aura", "password": PASSWORD, "dbname": "accounts"}
        with psycopg.connect(**to, connect_timeout=2) as connection:
            row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
        return row == (False,)

    def _address(self, name: str) -> str | None:
        if self._known[0] != name:
            at = describe(self.cloud, name, EAST).get("Endpoint")
            if at is None:
                return None  # it is being made
            self._known = name, at["Address"]
        return self._known[1]

    _known: tuple[str, str] = ("", "")

    def _exists(self, name: str) -> bool:
        try:
            describe(self.cloud, name, EAST)
        except ClientError as error:
            if code_of(error) == "DBInstanceNotFound":
                return False
            raise
        return True

    def _settled(self, name: str) -> None:
        def available() -> bool:
            return describe(self.cloud, name, EAST)["DBInstanceStatus"] == "available"

        until(f"{name} to be available", available, _SETTLE_SECONDS)
        until(f"the server of {name}", lambda: self._answers(name), _SETTLE_SECONDS)

    def _answers(self, name: str) -> bool:
        with suppress(psycopg.OperationalError):
            self._takes_writes(name)
            return True
        return False

    def _delete(self, name: str) -> None:
        abroad = self.cloud.client("rds", EAST)
        abroad.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        until(f"{name} to be gone", lambda: not self._exists(name), _SETTLE_SECONDS)

    def _datastore(self) -> dict[str, Any]:
        answer = self.cloud.client("elasticache", EAST).describe_global_replication_groups(
            GlobalReplicationGroupId=DATASTORE, ShowMemberInfo=True
        )
        return answer["GlobalReplicationGroups"][0]

    def _datastore_settled(self) -> bool:
        groups = [
            self.cloud.client("elasticache", region).describe_replication_groups(ReplicationGroupId=name)
            for region, name in GROUPS.items()
        ]
        statuses = {group["ReplicationGroups"][0]["Status"] for group in groups}
        return self._datastore()["Status"] == "available" and statuses == {"available"}

    def _primary(self) -> str:
        members = self._datastore()["Members"]
        return next(m["ReplicationGroupRegion"] for m in members if m["Role"] == "PRIMARY")

    def _redis(self, region: str) -> redis.Redis:
        if region not in self._addresses:
            client = self.cloud.client("elasticache", region)
            (group,) = client.describe_replication_groups(ReplicationGroupId=GROUPS[region])["ReplicationGroups"]
            self._addresses[region] = group["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
        return redis.Redis(self._addresses[region], socket_timeout=20, retry=Retry(NoBackoff(), 0))

    _addresses: dict[str, str] = field(default_factory=dict)

    def _role(self, region: str) -> str:
        info: Any = self._redis(region).info("replication")
        return info["role"]

    def _roles(self) -> dict[str, str] | None:
        """By region; None while a server does not answer: it starts again after a kill in between."""
        with suppress(redis.ConnectionError):
            return {region: self._role(region) for region in GROUPS}
        return None

    def _two_primaries(self) -> bool:
        """One that was a primary before and after the other was seen as one was it meanwhile, too."""
        west = self._role(WEST) == "master"
        return west and self._role(EAST) == "master" and self._role(WEST) == "master"


def prepare(cloud: Cloud) -> None:
    """The instance and the datastore."""
    cloud.client("rds", WEST).create_db_instance(
        DBInstanceIdentifier=SOURCE,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="15",
        MasterUsername="aura",
        MasterUserPassword=PASSWORD,
        AllocatedStorage=20,
        DBName="accounts",
        BackupRetentionPeriod=1,
    )
    rounds, west = Rounds(cloud), cloud.client("elasticache", WEST)
    west.create_replication_group(
        ReplicationGroupId=GROUPS[WEST], ReplicationGroupDescription="rounds", CacheNodeType="cache.m7g.large"
    )

    def is_up(describe_group: Callable[[], dict[str, Any]]) -> Callable[[], bool]:
        return lambda: describe_group()["Status"] == "available"

    until(
        "the group",
        is_up(lambda: west.describe_replication_groups(ReplicationGroupId=GROUPS[WEST])["ReplicationGroups"][0]),
        _SETTLE_SECONDS,
    )
    west.create_global_replication_group(GlobalReplicationGroupIdSuffix="pair", PrimaryReplicationGroupId=GROUPS[WEST])
    until("the datastore", lambda: rounds._datastore()["Status"] == "primary-only", _SETTLE_SECONDS)
    cloud.client("elasticache", EAST).create_replication_group(
        ReplicationGroupId=GROUPS[EAST], ReplicationGroupDescription="rounds", GlobalReplicationGroupId=DATASTORE
    )
    until("the datastore", rounds._datastore_settled, _SETTLE_SECONDS)
    until("the instance", lambda: describe(cloud, SOURCE, WEST)["DBInstanceStatus"] == "available", _SETTLE_SECONDS)
    with connect(describe(cloud, SOURCE, WEST)) as connection:
        connection.execute("CREATE TABLE rounds (n int)")
