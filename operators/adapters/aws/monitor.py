"""A login at an RDS instance that sees how far the instance is, and nobody's rows: a member of `pg_monitor`."""

from __future__ import annotations

from urllib.parse import quote

import psycopg
from psycopg import AsyncConnection, sql

from operators.adapters.aws.claims import Claimant, Existing, Server, conflict
from operators.adapters.aws.rds import (
    MISSING,
    TIMEOUT_SECONDS,
    DatabaseConflict,
    DatabaseRefused,
    Databases,
    DatabaseUnavailable,
    Master,
    recovering,
)

_ROLE = """
    select coalesce(shobj_description(oid, 'pg_authid'), ''), exists (select from pg_database where datdba = r.oid)
    from pg_roles r where rolname = %s"""


async def monitor(databases: Databases, claimant: Claimant, instance: str, password: str, *, writes: bool) -> str:
    """The URL of the instance's first database for the role that is named after `claimant`; makes the role if missing.

    Nothing is made while nothing may be written (`writes`), nor on a replica, which has the roles of its source: then
    the URL is what it will be. A role that owns a database is not taken: with the grant and the other password, its
    service would lose its login to this one. Raises SecretUnavailable, DatabaseUnavailable, DatabaseRefused or
    DatabaseConflict.
    """
    master = await databases.master(instance)
    role = claimant.name.replace("-", "_")
    address = f"{master.host}:{master.port}"
    url = databases.url(f"{role}:{quote(password, safe='')}@{address}/{master.dbname or 'postgres'}")
    where = f"RDS instance {instance} at {address}"
    try:
        if writes and not await _works(url):
            async with await databases.connect(master) as connection:
                if not await recovering(connection):
                    await _make(connection, master, claimant, role, password)
    except (psycopg.OperationalError, OSError) as error:
        raise DatabaseUnavailable(f"{where}: {error}".strip()) from error
    except psycopg.Error as error:
        raise DatabaseRefused(f"{where}: SQLSTATE {error.sqlstate}: {error}".strip()) from error
    return url


async def _works(url: str) -> bool:
    try:
        async with await AsyncConnection.connect(url, connect_timeout=TIMEOUT_SECONDS) as connection:
            row = await (await connection.execute("select pg_has_role('pg_monitor', 'usage')")).fetchone()
            return bool(row and row[0])
    except psycopg.OperationalError as error:
        if MISSING.search(str(error)):
            return False
        raise


async def _make(connection: AsyncConnection, master: Master, claimant: Claimant, name: str, password: str) -> None:
    """Creates the role, or gives it its password again."""
    row = await (await connection.execute(_ROLE, [name])).fetchone()
    found = Existing(row[0]) if row else None
    if other := conflict(claimant, name, Server(master.username, found, None), proven=False):
        raise DatabaseConflict(f"{other}; nothing was changed")
    if row and row[1]:
        remedy = "let another service monitor the instance: its login is a role of the service's name"
        raise DatabaseConflict(f"role {name} owns a database, and its password is that of DATABASE_URL; {remedy}")
    role, verb = sql.Identifier(name), sql.SQL("alter" if found else "create")
    async with connection.transaction():  # a role without its comment would be taken for somebody else's
        await connection.execute(sql.SQL("{} role {} login password {}").format(verb, role, sql.Literal(password)))
        await connection.execute(sql.SQL("grant pg_monitor to {}").format(role))
        await connection.execute(sql.SQL("comment on role {} is {}").format(role, sql.Literal(claimant.comment)))
