"""The provider's connections to a server, which nothing that the customer sets or drops ends."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from local.engines.postgres.roles import SUPERUSER

_OWN = SUPERUSER
"""The provider's own database, as on RDS; servers that were never handed over have none."""
_OF_THE_CUSTOMER = ("postgres", "template1")
_NEVER_HANDED_OVER = re.compile(rf'database "{_OWN}" does not exist')
_UNHINDERED = (
    "-c statement_timeout=0 -c lock_timeout=0 -c idle_session_timeout=0 -c default_transaction_read_only=off "
    "-c search_path=pg_catalog"
)
"""In place of what a customer sets for everybody's sessions, or for those in the customer's databases: functions that
come before those of pg_catalog would run as the provider.
https://www.postgresql.org/docs/15/runtime-config-client.html#GUC-SEARCH-PATH"""


def connect(conninfo: str, password: str) -> psycopg.Connection[tuple[Any, ...]]:
    """To the provider's own database, or, while there is none, to the one that `conninfo` names.

    The other is tried whatever the first failure says, because servers speak the language of their lc_messages. What is
    raised is told of the provider's own database, if it has one: customers have settings for others. Raises
    psycopg.OperationalError.
    """
    try:
        return _session(make_conninfo(conninfo, dbname=_OWN), password)
    except psycopg.errors.ConnectionTimeout:
        raise
    except psycopg.OperationalError as error:
        try:
            return _session(conninfo, password)
        except psycopg.OperationalError as other:
            raise (other if _NEVER_HANDED_OVER.search(str(error)) else error) from None


def _session(conninfo: str, password: str) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(conninfo, password=password, autocommit=True, options=_UNHINDERED)


def hand_over(connection: psycopg.Connection[tuple[Any, ...]], user: str) -> None:
    """Gives `user` the databases that are RDS's master user's: so it may create tables in their schema public, which
    belongs to the owner of the database since PostgreSQL 15. The provider gets a database that nobody else enters.

    On RDS `\\l` lists postgres and template1 with the master user as their owner, template0 and rdsadmin with rdsadmin,
    and of these the latter with the access privileges rdsadmin=CTc/rdsadmin: no page of AWS says it, many listings of
    people do (of 11.5, 13.5, 15.2).
    https://www.postgresql.org/docs/15/ddl-schemas.html#DDL-SCHEMAS-PATTERNS
    """
    owners = {row[0]: row[1] for row in connection.execute("SELECT datname, datdba::regrole::text FROM pg_database")}
    own = sql.Identifier(_OWN)
    if _OWN not in owners:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(own))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(own))
    for name in _OF_THE_CUSTOMER:
        if owners.get(name) == SUPERUSER:
            connection.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(user))
            )
