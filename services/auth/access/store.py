"""Roles, their grants, and who has which, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from services.auth.access.permissions import allowed
from services.kit.database import Connection


async def roles_of(connection: Connection, subject: str) -> list[str]:
    cursor = await connection.execute("select role from subject_roles where subject = %s order by role", (subject,))
    return [role for (role,) in await cursor.fetchall()]


async def grants(connection: Connection, roles: Iterable[str] | None = None) -> dict[str, list[str]]:
    """The grants of each role, of all roles without `roles`."""
    names = None if roles is None else list(roles)
    cursor = await connection.execute(
        "select name, permissions from roles where %(names)s::text[] is null or name = any(%(names)s) order by name",
        {"names": names},
    )
    return dict(await cursor.fetchall())


async def has_permission(connection: Connection, subject: str, permission: str) -> bool:
    """Whether one of the roles that `subject` has now grants `permission`."""
    cursor = await connection.execute(
        "select name, permissions from roles join subject_roles on role = name where subject = %s", (subject,)
    )
    found = dict(await cursor.fetchall())
    return allowed(found, found, permission)


async def put_role(connection: Connection, name: str, permissions: Iterable[str]) -> None:
    await connection.execute(
        "insert into roles (name, permissions) values (%s, %s)"
        " on conflict (name) do update set permissions = excluded.permissions",
        (name, sorted(set(permissions))),
    )


async def delete_role(connection: Connection, name: str) -> bool:
    """Also takes it from everybody; False when there was none."""
    return (await connection.execute("delete from roles where name = %s", (name,))).rowcount == 1


async def give(connection: Connection, subject: str, role: str) -> bool:
    """False when there is no such role."""
    cursor = await connection.execute(
        "insert into subject_roles (subject, role) select %s, name from roles where name = %s"
        " on conflict do nothing returning role",
        (subject, role),
    )
    if await cursor.fetchone() is not None:
        return True
    return role in await grants(connection, [role])


async def take(connection: Connection, subject: str, role: str) -> bool:
    """False when the subject did not have it."""
    cursor = await connection.execute("delete from subject_roles where subject = %s and role = %s", (subject, role))
    return cursor.rowcount == 1
