"""Whose role and database the operator touches, on a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, LiteralString

import boto3
import psycopg
import pytest
from psycopg import sql

from operators.adapters.aws.claims import Claimant
from operators.adapters.aws.cloud import Cloud
from operators.adapters.aws.monitor import monitor
from operators.adapters.aws.rds import DatabaseConflict, DatabaseRefused, Databases
from operators.adapters.aws.secrets_manager import SecretUnavailable
from tests.fixtures.cluster import REGION
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration

FIRST, SECOND = (Claimant("AuraService", "aura", name, "this-cluster") for name in ("first", "second"))
WATCHER = Claimant("AuraService", "aura", "watcher", "this-cluster")
PREFIX = "aura/databases/"
RECREATED = Claimant("AuraService", "aura", "first", "this-cluster")
ELSEWHERE = Claimant("AuraService", "aura", "first", "another-cluster")


@pytest.fixture
def manager(aws: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tester")
    return boto3.client("secretsmanager", region_name=REGION, endpoint_url=aws)


@pytest.fixture
def databases(aws: str, manager: Any, postgres: Database) -> Databases:
    """Through the master user, which may create roles and databases and is no superuser, as on RDS."""
    postgres.create("databases_master")
    login = {"host": postgres.server.address, "port": 5432, "dbname": "databases_master"}
    store(manager, login | {"username": postgres.login.user, "password": postgres.login.password})
    return Cloud(REGION, aws, PREFIX, 0, "").databases


@pytest.fixture(autouse=True)
def absent(postgres: Database) -> Iterator[None]:
    yield
    for name in ("owned", "user", "watcher"):
        for statement in ("drop database if exists {}", "drop role if exists {}"):
            run(postgres, statement, name)


def store(manager: Any, value: object) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    try:
        manager.create_secret(Name=f"{PREFIX}rds/databases", SecretString=text)
    except manager.exceptions.ResourceExistsException:
        manager.put_secret_value(SecretId=f"{PREFIX}rds/databases", SecretString=text)


def run(postgres: Database, statement: LiteralString, name: str) -> None:
    server = postgres.server
    with psycopg.connect(server.uri(postgres.login, "databases_master"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def can_log_in(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


async def test_a_database_of_another_service_is_left_alone_and_its_owner_named(databases: Databases) -> None:
    url = await databases.ensure(FIRST, "databases", "owned", "one", stored=False)
    for claimant in (SECOND, ELSEWHERE):
        with pytest.raises(
            DatabaseConflict, match=r"role owned belongs to AuraService aura/first.*nothing was changed"
        ):
            await databases.ensure(claimant, "databases", "owned", "two", stored=False)
    assert can_log_in(url)


async def test_a_lost_password_is_set_anew_and_a_recreated_resource_gets_its_data_back(databases: Databases) -> None:
    await databases.ensure(FIRST, "databases", "owned", "lost", stored=False)
    assert can_log_in(await databases.ensure(RECREATED, "databases", "owned", "new", stored=False))


async def test_what_was_made_before_ownership_was_recorded_is_taken_over_by_who_holds_the_password(
    databases: Databases, postgres: Database
) -> None:
    run(postgres, "create role {} login password 'old'", "owned")
    run(postgres, "grant {} to current_user", "owned")
    run(postgres, "create database {0} owner {0}", "owned")
    with pytest.raises(DatabaseConflict, match="was not made for an AuraService"):
        await databases.ensure(SECOND, "databases", "owned", "new", stored=False)
    with pytest.raises(DatabaseConflict, match="was not made for an AuraService"):
        await databases.ensure(SECOND, "databases", "owned", "wrong", stored=True)
    url = await databases.ensure(FIRST, "databases", "owned", "old", stored=True)
    assert can_log_in(url)
    with pytest.raises(DatabaseConflict, match="aura/first"):
        await databases.ensure(SECOND, "databases", "owned", "old", stored=True)
    assert can_log_in(url)


async def test_the_record_in_a_conflict_hands_a_database_over(databases: Databases, postgres: Database) -> None:
    await databases.ensure(FIRST, "databases", "owned", "one", stored=False)
    with pytest.raises(DatabaseConflict) as conflict:
        await databases.ensure(SECOND, "databases", "owned", "two", stored=False)
    for statement in str(conflict.value).partition("run as the master user: ")[2].split("; "):
        with psycopg.connect(postgres.server.uri(postgres.login, "databases_master"), autocommit=True) as connection:
            connection.execute(statement.encode())
    assert can_log_in(await databases.ensure(SECOND, "databases", "owned", "two", stored=False))


async def test_a_creation_that_ended_half_way_is_completed(databases: Databases, postgres: Database) -> None:
    await databases.ensure(FIRST, "databases", "owned", "one", stored=False)
    run(postgres, "comment on database {} is null", "owned")
    assert can_log_in(await databases.ensure(FIRST, "databases", "owned", "two", stored=False))
    run(postgres, "drop database {}", "owned")
    assert can_log_in(await databases.ensure(FIRST, "databases", "owned", "three", stored=False))


async def test_a_database_of_a_colleague_and_the_master_user_stay_as_they_are(
    databases: Databases, postgres: Database
) -> None:
    run(postgres, "create database {}", "owned")
    with pytest.raises(DatabaseConflict, match="database owned exists already"):
        await databases.ensure(FIRST, "databases", "owned", "new", stored=False)
    with pytest.raises(DatabaseConflict, match=r"master user.*; nothing was changed. Declare another \S+$"):
        await databases.ensure(FIRST, "databases", postgres.login.user, "new", stored=False)
    for name in ("postgres", "template1", "rdsadmin", "pg_monitor"):
        with pytest.raises(DatabaseConflict, match="reserves"):
            await databases.ensure(FIRST, "databases", name, "new", stored=False)
    assert can_log_in(postgres.server.uri(postgres.login, "databases_master"))
    owner = "select datdba::regrole::text, shobj_description(oid, 'pg_database') from pg_database where datname = %s"
    assert postgres.server.query(owner, ["owned"]) == [(postgres.login.user, None)]


async def test_the_first_database_of_the_instance_goes_to_its_first_service_while_it_is_empty(
    databases: Databases, manager: Any, postgres: Database
) -> None:
    login = {"host": postgres.server.address, "port": 5432, "dbname": "owned"}
    store(manager, login | {"username": postgres.login.user, "password": postgres.login.password})
    run(postgres, "create database {}", "owned")
    with psycopg.connect(postgres.server.uri(postgres.login, "owned"), autocommit=True) as connection:
        connection.execute("create table theirs ()")
        with pytest.raises(DatabaseConflict, match="database owned exists already"):
            await databases.ensure(FIRST, "databases", "owned", "one", stored=False)
        connection.execute("drop table theirs")
    assert can_log_in(await databases.ensure(FIRST, "databases", "owned", "one", stored=False))
    with pytest.raises(DatabaseConflict, match="aura/first"):
        await databases.ensure(SECOND, "databases", "owned", "two", stored=False)


async def test_a_name_that_is_a_word_of_sql_is_a_name(databases: Databases) -> None:
    url = await databases.ensure(FIRST, "databases", "user", "one", stored=False)
    assert can_log_in(url)
    assert await Databases(databases._secrets, "").ensure(FIRST, "databases", "user", "one", stored=True) == url


async def test_what_postgresql_refuses_is_no_outage(databases: Databases, postgres: Database) -> None:
    await databases.ensure(FIRST, "databases", "owned", "one", stored=False)
    with pytest.raises(DatabaseRefused, match="SQLSTATE"):
        await databases.ensure(FIRST, "databases", "owned", "with\0nul", stored=False)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("not json {", "is not JSON"),
        ("[]", "missing or not valid: all of it"),
        ("[" * 60_000, "nested too deep"),
        ({"host": "127.0.0.1", "username": "u"}, "missing or not valid: port, password"),
        ({"host": None, "port": "many", "username": "u", "password": "hidden"}, "missing or not valid: host, port"),
    ],
)
async def test_a_secret_of_the_instance_in_another_form_is_told_without_its_content(
    databases: Databases, manager: Any, value: object, why: str
) -> None:
    store(manager, value)
    with pytest.raises(SecretUnavailable, match=why) as refused:
        await databases.ensure(FIRST, "databases", "owned", "one", stored=False)
    assert "hidden" not in str(refused.value)


async def test_a_fenced_database_is_read_only_until_its_region_may_write_again(
    databases: Databases, postgres: Database
) -> None:
    url = await databases.ensure(FIRST, "databases", "owned", "one", stored=False)
    assert await databases.fence(FIRST, "databases", "owned", "one") == (url, "owned is read-only")
    with psycopg.connect(url, autocommit=True) as reader, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader.execute("create table rows ()")
    assert await databases.ensure(FIRST, "databases", "owned", "one", stored=True) == url
    with psycopg.connect(url, autocommit=True) as writer:
        writer.execute("create table rows ()")


async def test_nobody_elses_database_is_fenced(databases: Databases, postgres: Database) -> None:
    url = await databases.ensure(FIRST, "databases", "owned", "one", stored=False)
    _, state = await databases.fence(SECOND, "databases", "owned", "one")
    assert "left as it is" in state
    with psycopg.connect(url, autocommit=True) as writer:
        writer.execute("create table rows ()")


async def test_who_monitors_an_instance_sees_how_far_it_is_and_no_rows(databases: Databases) -> None:
    owner = await databases.ensure(SECOND, "databases", "owned", "a-secret", stored=False)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS rows (n int)")
    url = await monitor(databases, WATCHER, "databases", "another", writes=True)
    assert await monitor(databases, WATCHER, "databases", "a-new-one", writes=True) != url
    assert not can_log_in(url)
    url = await monitor(databases, WATCHER, "databases", "another", writes=True)
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_current_wal_lsn(), count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL")
    elsewhere = url.replace("/databases_master", "/owned")
    with psycopg.connect(elsewhere) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT n FROM rows")


async def test_a_login_of_another_service_is_no_monitor(databases: Databases) -> None:
    await databases.ensure(SECOND, "databases", "watcher", "a-secret", stored=False)
    with pytest.raises(DatabaseConflict, match="aura/second"):
        await monitor(databases, WATCHER, "databases", "another", writes=True)
    url = await monitor(databases, WATCHER, "databases", "another", writes=False)
    assert not can_log_in(url)


async def test_the_owner_of_a_database_is_no_monitor_even_of_the_same_service(databases: Databases) -> None:
    url = await databases.ensure(WATCHER, "databases", "watcher", "a-secret", stored=False)
    with pytest.raises(DatabaseConflict, match="role watcher owns a database"):
        await monitor(databases, WATCHER, "databases", "another", writes=True)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_has_role('pg_monitor', 'usage')").fetchone()
    assert row == (False,)


async def test_a_database_role_that_monitors_has_altered_gets_its_password_back(
    databases: Databases, postgres: Database, aws: str
) -> None:
    url = await databases.ensure(WATCHER, "databases", "watcher", "a-secret", stored=False)
    run(postgres, "alter role {} password 'another'", "watcher")  # as operators did that took it
    anew = Cloud(REGION, aws, PREFIX, 0, "").databases
    assert await anew.ensure(WATCHER, "databases", "watcher", "a-secret", stored=True) == url
    with pytest.raises(DatabaseConflict, match="let another service monitor the instance"):
        await monitor(anew, WATCHER, "databases", "another", writes=True)
    assert can_log_in(url)
