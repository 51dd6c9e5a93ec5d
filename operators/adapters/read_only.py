"""A database that takes no more writes, by a setting of its own that every new session begins with.

The setting is replicated: a standby that is promoted has it too, until it is undone there. It binds no superuser, and
no session that sets it itself; ours do not, but for those that set and undo it here.
"""

from __future__ import annotations

from psycopg import AsyncConnection, sql

WRITING = "-c default_transaction_read_only=off"
"""`options` of a connection that has to write whatever the database's setting is."""
_SET = """
    select pg_is_in_recovery(), exists (select from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
        where d.datname = %(name)s and s.setrole = 0 and 'default_transaction_read_only=on' = any(s.setconfig))"""
_END = """
    select pg_terminate_backend(a.pid) from pg_stat_activity a join pg_database d on d.oid = a.datid
    where d.datname = %(name)s and a.usename = pg_get_userbyid(d.datdba) and a.pid <> pg_backend_pid()"""
"""Of the owner's sessions: those are the service's, and nobody who is no superuser may end others."""


async def make_read_only(connection: AsyncConnection, name: str) -> str:
    """Sets the database read-only and ends the sessions that its owner has; says what it is now, in words."""
    replica, already = await _state(connection, name)
    if replica:
        return "is a replica, and takes no writes"
    if not already:
        await connection.execute(_alter(name, sql.SQL("set default_transaction_read_only = on")))
        await connection.execute(_END, {"name": name})
    return "is read-only"


async def make_writable(connection: AsyncConnection, name: str) -> None:
    """Undoes that, and ends the sessions that began with it: those of a standby before its promotion, too."""
    replica, read_only = await _state(connection, name)
    if read_only and not replica:
        await connection.execute(_alter(name, sql.SQL("reset default_transaction_read_only")))
        await connection.execute(_END, {"name": name})


async def _state(connection: AsyncConnection, name: str) -> tuple[bool, bool]:
    """Whether the server is a standby, and whether the database has the setting."""
    row = await (await connection.execute(_SET, {"name": name})).fetchone()
    return (row[0], row[1]) if row else (False, False)


def _alter(name: str, what: sql.SQL) -> sql.Composed:
    return sql.SQL("alter database {} {}").format(sql.Identifier(name), what)
