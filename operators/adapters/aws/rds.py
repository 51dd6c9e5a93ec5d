"""A service's role and database on an RDS instance."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import AsyncConnection, sql

from operators.adapters.aws.secrets_manager import SecretsManager

_TIMEOUT_SECONDS = 5
_VERIFIED_SECONDS = 60.0
_MISSING = re.compile(r"does not exist|password authentication failed|no password", re.IGNORECASE)


class DatabaseUnavailable(Exception):
    """The instance does not answer, or refuses its master user."""


class Databases:
    """Instances whose master user's credentials are in the secret `rds/<instance>`, in the format of AWS."""

    def __init__(self, secrets: SecretsManager) -> None:
        self._secrets = secrets
        self._verified: dict[str, float] = {}

    async def ensure(self, instance: str, name: str, password: str) -> str:
        """The URL of database `name`, owned by a role of the same name with this password; creates both if missing.

        Raises SecretUnavailable or DatabaseUnavailable. Never drops or empties anything.
        """
        master = json.loads(await self._secrets.value(f"rds/{instance}"))
        address = f"{master['host']}:{master['port']}"
        url = f"postgresql://{name}:{quote(password, safe='')}@{address}/{name}"
        if time.monotonic() - self._verified.get(url, -_VERIFIED_SECONDS) < _VERIFIED_SECONDS:
            return url
        try:
            if not await _can_connect(url):
                await self._create(master, name, password)
        except (psycopg.OperationalError, OSError) as error:
            raise DatabaseUnavailable(f"RDS instance {instance} at {address}: {error}".strip()) from error
        self._verified[url] = time.monotonic()
        return url

    async def _create(self, master: dict[str, str], name: str, password: str) -> None:
        connection = await AsyncConnection.connect(
            host=master["host"],
            port=int(master["port"]),
            user=master["username"],
            password=master["password"],
            dbname=master.get("dbname") or "postgres",
            connect_timeout=_TIMEOUT_SECONDS,
            autocommit=True,
        )
        role, secret = sql.Identifier(name), sql.Literal(password)
        async with connection:
            exists = await (await connection.execute("select 1 from pg_roles where rolname = %s", [name])).fetchone()
            verb = sql.SQL("alter" if exists else "create")
            await connection.execute(sql.SQL("{} role {} login password {}").format(verb, role, secret))
            await connection.execute(sql.SQL("grant {} to current_user").format(role))
            databases = await connection.execute("select 1 from pg_database where datname = %s", [name])
            if await databases.fetchone():
                await connection.execute(sql.SQL("alter database {} owner to {}").format(role, role))
            else:
                await connection.execute(sql.SQL("create database {} owner {}").format(role, role))


def password_of(url: str) -> str:
    """The password in a database's URL."""
    return unquote(urlsplit(url).password or "")


async def _can_connect(url: str) -> bool:
    """Whether a login succeeds; False if role, database or password do not exist, other errors raise."""
    try:
        async with await AsyncConnection.connect(url, connect_timeout=_TIMEOUT_SECONDS) as connection:
            await connection.execute("select 1")
    except psycopg.OperationalError as error:
        if _MISSING.search(str(error)):
            return False
        raise
    return True
