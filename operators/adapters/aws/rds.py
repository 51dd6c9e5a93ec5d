"""A service's role and database on an RDS instance."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict
from dataclasses import replace
from typing import LiteralString
from urllib.parse import quote, unquote, urlencode, urlsplit

import psycopg
from psycopg import AsyncConnection, conninfo, sql
from pydantic import BaseModel, ValidationError

from contracts.connections import postgres_verification
from operators.adapters.aws.claims import Claimant, Existing, Server, conflict, reserved
from operators.adapters.aws.secrets_manager import SecretsManager, SecretUnavailable
from operators.adapters.read_only import WRITING, make_read_only, make_writable

TIMEOUT_SECONDS = 5
_VERIFIED_SECONDS = 60.0
_REPLICA = "replica"
MISSING = re.compile(r"does not exist|password authentication failed|no password", re.IGNORECASE)
_ROLE = "select coalesce(shobj_description(oid, 'pg_authid'), ''), '' from pg_roles where rolname = %s"
_DATABASE = """
    select coalesce(shobj_description(d.oid, 'pg_database'), ''), rolname from pg_database d join pg_roles r
    on r.oid = datdba where datname = %s"""
_EMPTY = """
    select not exists (select from pg_class c where oid >= 16384 and relnamespace <> 'pg_toast'::regnamespace
    and not exists (select from pg_depend where objid = c.oid and deptype = 'e'))"""
"""Whether the database of the connection has no table, view or sequence but those of extensions. The objects of
PostgreSQL itself have lower oids."""


class DatabaseUnavailable(Exception):
    """The instance does not answer, or refuses its master user."""


class DatabaseRefused(Exception):
    """PostgreSQL refused a statement, which has changed nothing; the text is its own, with the SQLSTATE."""


class DatabaseConflict(Exception):
    """Role or database belong to another, and were not changed; the text says to whom."""


class ReadReplica(Exception):
    """The instance is a read replica: who made role and database did so in the region of its source."""

    def __init__(self, where: str, url: str) -> None:
        super().__init__(f"{where} is a read replica; its roles and databases are those of its source")
        self.url = url


class Master(BaseModel):
    """The secret `rds/<instance>`, in the format of AWS."""

    host: str
    port: int
    username: str
    password: str
    dbname: str = ""


class Databases:
    """Instances whose master user's credentials are in the secret `rds/<instance>`, in the format of AWS."""

    def __init__(self, secrets: SecretsManager, ca_file: str) -> None:
        self._secrets = secrets
        self._ca_file = ca_file
        self._verified: dict[tuple[Claimant, str], float] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ensure(self, claimant: Claimant, instance: str, name: str, password: str, *, stored: bool) -> str:
        """The URL of database `name`, owned by a role of the same name with this password; creates both if missing.

        `stored` says that the password is that of the claimant's own Secret, and not a new one. Raises
        SecretUnavailable, DatabaseConflict, DatabaseUnavailable, DatabaseRefused or ReadReplica. Never drops or empties
        anything, and never alters what was not made for `claimant` (claims.py).
        """
        master = await self.master(instance)
        address = f"{master.host}:{master.port}"
        url = self.url(f"{name}:{quote(password, safe='')}@{address}/{name}")
        if time.monotonic() - self._verified.get((claimant, url), -_VERIFIED_SECONDS) < _VERIFIED_SECONDS:
            return url
        where = f"RDS instance {instance} at {address}"
        try:
            async with self._locks[instance]:
                if await self._ensure(master, claimant, name, password, url if stored else "") is _REPLICA:
                    raise ReadReplica(where, url)
                async with await AsyncConnection.connect(
                    url, connect_timeout=TIMEOUT_SECONDS, autocommit=True, options=WRITING
                ) as connection:
                    await make_writable(connection, name)
        except (psycopg.OperationalError, OSError) as error:
            raise DatabaseUnavailable(f"{where}: {error}".strip()) from error
        except psycopg.Error as error:
            raise DatabaseRefused(f"{where}: SQLSTATE {error.sqlstate}: {error}".strip()) from error
        self._verified[claimant, url] = time.monotonic()
        return url

    async def fence(self, claimant: Claimant, instance: str, name: str, password: str) -> tuple[str, str]:
        """The URL as `ensure` returns it, and what keeps the database from being written; it changes nothing else.

        Raises SecretUnavailable, DatabaseUnavailable or DatabaseRefused: then it may still be written.
        """
        master = await self.master(instance)
        address = f"{master.host}:{master.port}"
        url = self.url(f"{name}:{quote(password, safe='')}@{address}/{name}")
        self._verified.pop((claimant, url), None)
        where = f"RDS instance {instance} at {address}"
        try:
            async with self._locks[instance], await self.connect(master) as connection:
                found = (await _server(connection, None, name)).database
                if found is None or found.comment != claimant.comment:
                    return url, f"{name} is not there, or not this service's, and was left as it is"
                return url, f"{name} {await make_read_only(connection, name)}"
        except (psycopg.OperationalError, OSError) as error:
            raise DatabaseUnavailable(f"{where}: {error}".strip()) from error
        except psycopg.Error as error:
            raise DatabaseRefused(f"{where}: SQLSTATE {error.sqlstate}: {error}".strip()) from error

    async def connect(self, master: Master) -> AsyncConnection:
        """As the master user, to the instance's first database. Raises psycopg.OperationalError."""
        return await AsyncConnection.connect(
            conninfo.make_conninfo(
                host=master.host,
                port=master.port,
                user=master.username,
                password=master.password,
                dbname=master.dbname or "postgres",
                **postgres_verification(self._ca_file),
            ),
            connect_timeout=TIMEOUT_SECONDS,
            autocommit=True,
            options=WRITING,
        )

    def url(self, rest: str) -> str:
        """`rest` is `user:password@host:port/database`; the server is verified where its authorities are known."""
        query = urlencode(postgres_verification(self._ca_file), quote_via=quote)  # libpq takes a plus sign as it is
        return f"postgresql://{rest}" + (f"?{query}" if query else "")

    async def master(self, instance: str) -> Master:
        """Raises SecretUnavailable."""
        reference = f"rds/{instance}"
        try:
            return Master.model_validate(json.loads(await self._secrets.value(reference)))
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, one["loc"])) or "all of it" for one in error.errors())
            needed = "a JSON object with host, port, username and password"
            raise SecretUnavailable(f"secret {reference} is not {needed}: missing or not valid: {wrong}") from None
        except ValueError:  # not chained: the error quotes the secret
            raise SecretUnavailable(f"secret {reference} is not JSON") from None
        except RecursionError:
            raise SecretUnavailable(f"secret {reference} is JSON that is nested too deep to be read") from None

    async def _ensure(self, master: Master, claimant: Claimant, name: str, password: str, stored_url: str) -> str:
        """_REPLICA where nothing can be made."""
        own = await _server_seen_by_owner(stored_url, name) if stored_url else None
        recorded = Existing(claimant.comment), Existing(claimant.comment, name)
        if own is not None and (own.role, own.database) == recorded:
            return ""
        async with await self.connect(master) as connection:
            if await recovering(connection):
                return _REPLICA
            server = await _server(connection, master, name)
            if other := conflict(claimant, name, server, proven=own is not None):
                raise DatabaseConflict(f"{other}; nothing was changed. {_handover(claimant, name, server)}")
            if own is None or server.role != recorded[0]:
                await _set_role(connection, claimant, name, password, exists=server.role is not None)
            await _set_database(connection, claimant, name, server.database)
        return ""


async def recovering(connection: AsyncConnection) -> bool:
    """Whether the server is a replica."""
    row = await (await connection.execute("select pg_is_in_recovery()")).fetchone()
    return bool(row and row[0])


async def _set_role(connection: AsyncConnection, claimant: Claimant, name: str, password: str, *, exists: bool) -> None:
    """Creates the role or sets its password. The master user becomes a member, to create the role's database."""
    role, secret = sql.Identifier(name), sql.Literal(password)
    verb = sql.SQL("alter" if exists else "create")
    async with connection.transaction():  # a role without its comment would be taken for somebody else's
        await connection.execute(sql.SQL("{} role {} login password {}").format(verb, role, secret))
        await connection.execute(sql.SQL("grant {} to current_user").format(role))
        await connection.execute(sql.SQL("comment on role {} is {}").format(role, sql.Literal(claimant.comment)))


async def _set_database(connection: AsyncConnection, claimant: Claimant, name: str, found: Existing | None) -> None:
    database, text = sql.Identifier(name), sql.Literal(claimant.comment)
    if found is None:
        await connection.execute(sql.SQL("create database {} owner {}").format(database, database))
    elif found.owner != name:
        await connection.execute(sql.SQL("alter database {} owner to {}").format(database, database))
    if found is None or found.comment != claimant.comment:
        await connection.execute(sql.SQL("comment on database {} is {}").format(database, text))


def _handover(claimant: Claimant, name: str, server: Server) -> str:
    """What to do: another name, or, for what nobody else needs any more, the statements that hand it over."""
    if reserved(name, server.master):
        return "Declare another database.name"
    kinds = [kind for kind, one in (("role", server.role), ("database", server.database)) if one is not None]
    statements = "; ".join(f"comment on {kind} {name} is '{claimant.comment}'" for kind in kinds)
    return f"Declare another database.name, or, if nobody else uses it any more, run as the master user: {statements}"


def password_of(url: str) -> str:
    """The password in a database's URL; "" without one."""
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:
        return ""


async def _server(connection: AsyncConnection, master: Master | None, name: str) -> Server:
    """What the server has, by a connection of the master user to the instance's first database, or of another to its
    own."""

    async def find(query: LiteralString) -> Existing | None:
        row = await (await connection.execute(query, [name])).fetchone()
        return Existing(*row) if row else None

    database = await find(_DATABASE)
    if master is not None and database is not None and (master.dbname, master.username) == (name, database.owner):
        row = await (await connection.execute(_EMPTY)).fetchone()
        database = replace(database, unused=bool(row and row[0]))
    return Server(master.username if master else "", await find(_ROLE), database)


async def _server_seen_by_owner(url: str, name: str) -> Server | None:
    """What the server has, by the service's own login; None if role, database or password do not exist."""
    try:
        async with await AsyncConnection.connect(url, connect_timeout=TIMEOUT_SECONDS) as connection:
            return await _server(connection, None, name)
    except psycopg.OperationalError as error:
        if MISSING.search(str(error)):
            return None
        raise
