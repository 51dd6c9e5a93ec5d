"""The program's own stores in two regions, with data in them, after their roles were exchanged by AWS's operations.

What has no part in it is left out: brokers, search, nodes, buckets, what runs in the clusters.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

import psycopg
import pytest
import redis

from runbooks.adapters.elasticache import GlobalDatastore
from runbooks.adapters.rds import RdsDatabases
from runbooks.steps import renew_state
from tests.fixtures.cloud import Cloud
from tests.fixtures.waiting import until
from tests.infra.clone import Clone

pytestmark = [pytest.mark.pair, pytest.mark.timeout(1800)]
WEST, EAST = "us-west-2", "us-east-1"
DATABASES = ("auth", "users")
_LEFT_OUT = (
    *("Media", "Search", "Stream", "ReplicatedStream", "Backups", "BucketReplication", "AccessLogs", "Witness"),
    *("Controller", "FailoverRecords", "PairCopy"),
)
"""What begins so of the program's components."""
LEFT_OUT = [
    "--exclude-dependents",
    *(f"--exclude=**aura:infra:{component}**" for component in _LEFT_OUT),
    "--exclude=**$kubernetes:**",
]
ROLES, EXCHANGED = f"{{active: {WEST}, passive: {EAST},", f"{{active: {EAST}, passive: {WEST},"
Step = tuple[str, str]
"""An operation of Pulumi's, and a resource's name."""


def name(region: str, database: str) -> str:
    return f"aura-{region}-{database}"


class Stack:
    """The stack `local` of a clone, on the endpoint of the tests."""

    def __init__(self, clone: Clone) -> None:
        self.clone = clone
        clone.pulumi("stack", "init", "local")

    def run(self, *arguments: str, fails: bool = False) -> str:
        return self.clone.pulumi(*arguments, "--stack", "local", *LEFT_OUT, fails=fails, seconds=900)

    def planned(self, *arguments: str) -> set[Step]:
        """What it would do to resources of a provider."""
        shown = json.loads(self.run(*arguments, "--json"))["steps"]
        steps = [(one["op"], one["urn"].split("::")) for one in shown]
        return {
            (op, urn[-1])
            for op, urn in steps
            if op not in ("same", "refresh") and "aura:infra:" not in urn[-2].split("$")[-1]
        }

    def settled(self) -> None:
        self.run("preview", "--expect-no-changes")
        self.run("refresh", "--preview-only", "--expect-no-changes")

    def exchange_roles(self) -> None:
        file = self.clone.folder / "Pulumi.local.yaml"
        told = file.read_text()
        assert ROLES in told
        file.write_text(told.replace(ROLES, EXCHANGED))

    def shell(self, command: str) -> None:
        subprocess.run(
            ["bash", "-eo", "pipefail", "-c", command], cwd=self.clone.folder, env=self.clone.environ, check=True
        )

    def ids(self) -> dict[str, str]:
        """Of the databases, by name."""
        resources = json.loads(self.clone.pulumi("stack", "export", "--stack", "local"))["deployment"]["resources"]
        instances = [one for one in resources if one["type"] == "aws:rds/instance:Instance"]
        return {one["urn"].split("::")[-1]: one["id"] for one in instances}


class Stores:
    """What clients see."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.authority = str(cloud.site.authority / "ca.crt")

    def secret(self, region: str, path: str) -> str:
        return self.cloud.client("secretsmanager", region).get_secret_value(SecretId=f"aura/local/{path}")[
            "SecretString"
        ]

    def database(self, region: str) -> psycopg.Connection[Any]:
        known = json.loads(self.secret(region, "rds/users"))
        return psycopg.connect(
            host=known["host"],
            port=known["port"],
            user=known["username"],
            password=known["password"],
            dbname=known["dbname"],
            sslmode="verify-full",
            sslrootcert=self.authority,
            autocommit=True,
        )

    def rows(self, region: str) -> list[int]:
        with self.database(region) as connection:
            try:
                return [number for (number,) in connection.execute("SELECT n FROM kept ORDER BY n")]
            except psycopg.errors.UndefinedTable:
                return []

    def cache(self, region: str) -> redis.Redis:
        api = self.cloud.client("elasticache", region)
        group = api.describe_replication_groups(ReplicationGroupId=f"aura-{region}-cache")["ReplicationGroups"][0]
        at = group["NodeGroups"][0]["PrimaryEndpoint"]
        password = self.secret(region, "redis/password")
        return redis.Redis(at["Address"], at["Port"], password=password, ssl=True, ssl_ca_certs=self.authority)

    def instance(self, region: str, database: str) -> dict[str, Any]:
        api = self.cloud.client("rds", region)
        return api.describe_db_instances(DBInstanceIdentifier=name(region, database))["DBInstances"][0]

    def databases(self, region: str) -> RdsDatabases:
        return RdsDatabases(lambda service, where, _: self.cloud.client(service, where), region)

    def available(self, region: str) -> None:
        def ready() -> bool:
            return all(self.instance(region, one)["DBInstanceStatus"] == "available" for one in DATABASES)

        until("the databases", ready)

    def promote(self) -> None:
        """Databases and cache of the east."""
        for one in DATABASES:
            self.databases(EAST).promote(name(EAST, one))
        self.available(EAST)
        connect = lambda service, where, _: self.cloud.client(service, where)  # noqa: E731
        found = connect("elasticache", EAST, None).describe_global_replication_groups()["GlobalReplicationGroups"]
        (datastore,) = [id for one in found if "aura-cache" in (id := one["GlobalReplicationGroupId"])]
        groups = {one: f"aura-{one}-cache" for one in (WEST, EAST)}
        cache = GlobalDatastore(connect, EAST, datastore, groups)
        cache.fail_over(EAST)
        until("the cache", lambda: cache.primary() == (EAST, "available"))

    def make_anew(self) -> None:
        """The databases of the west, as runbooks do."""
        for one in DATABASES:
            self._make_anew(name(WEST, one), self.instance(EAST, one)["DBInstanceArn"])

    def _make_anew(self, mine: str, source: str) -> None:
        west = self.databases(WEST)
        settings = west.settings(mine) or ""
        west.delete(mine, f"{mine}-before")
        until(f"{mine} to be gone", lambda: west.find(mine) is None)
        west.make_replica(mine, source, settings)
        until(f"{mine} to stream", lambda: self._complete(west, mine, settings))

    def _complete(self, west: RdsDatabases, mine: str, settings: str) -> bool:
        found = west.find(mine)
        if found is None or found.status != "available":
            return False
        if west.differs(mine, settings):
            west.complete(mine, settings)
            return False
        return found.streaming


@pytest.fixture(scope="module")
def stores(cloud: Cloud) -> Stores:
    return Stores(cloud)


@pytest.fixture(scope="module")
def stack(cloud: Cloud, stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    cloud.client("iam").create_role(RoleName="aura-deploy", AssumeRolePolicyDocument=document)
    stack = Stack(Clone.make(tmp_path_factory.mktemp("promoted"), cloud.site))
    stack.run("up", "--yes", "--skip-preview")
    return stack  # its engines end with the endpoint


def test_after_a_promotion_the_exchanged_roles_describe_what_there_is(stack: Stack, stores: Stores) -> None:
    stack.settled()
    with stores.database(WEST) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 100) AS n")
    stores.cache(WEST).set("kept", "42")
    until("the rows in the east", lambda: len(stores.rows(EAST)) == 100)
    until("the key in the east", lambda: stores.cache(EAST).get("kept") == b"42")
    before = stack.ids()
    stores.promote()

    stack.exchange_roles()
    copies = {("delete", f"{name(WEST, one)}-backups") for one in DATABASES}
    copies |= {("create", f"{name(EAST, one)}-backups") for one in DATABASES}
    assert stack.planned("preview") == copies
    assert stack.planned("refresh", "--preview-only") == set()
    stack.run("up", "--yes", "--skip-preview", "--refresh")
    stack.settled()
    assert stack.ids() == before
    with stores.database(EAST) as connection:
        connection.execute("INSERT INTO kept VALUES (101)")
    assert stores.rows(EAST) == [*range(1, 102)]
    stores.cache(EAST).set("kept", "43")


def test_after_the_way_back_the_printed_command_leaves_nothing_to_change(stack: Stack, stores: Stores) -> None:
    before = stack.ids()
    stores.make_anew()
    until("the rows in the west", lambda: stores.rows(WEST) == [*range(1, 102)])
    assert stack.planned("refresh", "--preview-only") >= {("delete", name(WEST, one)) for one in DATABASES}

    now = {name(WEST, one): stores.instance(WEST, one)["DbiResourceId"] for one in DATABASES}
    stack.shell(renew_state.command({before[one]: resource for one, resource in now.items()}))
    assert stack.ids() == {**before, **now}
    stack.run("up", "--yes", "--skip-preview", "--refresh")
    stack.settled()
    assert stack.ids() == {**before, **now}
    assert {one: stores.instance(WEST, one)["DbiResourceId"] for one in DATABASES} == {
        one: now[name(WEST, one)] for one in DATABASES
    }
    assert stores.rows(WEST) == stores.rows(EAST) == [*range(1, 102)]


def test_a_state_that_has_databases_by_their_names_gets_their_ids_by_a_refresh(stack: Stack) -> None:
    """As it was made by this machine's plugin of before."""
    ids = stack.ids()
    stack.shell(renew_state.command({id: known for known, id in ids.items()}))
    assert stack.ids() == {known: known for known in ids}
    stack.run("preview", "--expect-no-changes")
    stack.run("refresh", "--yes", "--skip-preview")
    assert stack.ids() == ids
    stack.run("preview", "--expect-no-changes")
