"""Administration: roles, who has them, and the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from contracts.subjects import MAX_SUBJECT_LENGTH, subject_error
from services.auth.access import store
from services.auth.access.permissions import ADMIN, GRANT, ROLE
from services.auth.audit import store as audit
from services.auth.issuing import Bearer
from services.auth.rest.caller import permitted
from services.auth.service import Service
from services.kit.problems import Problem, documented
from services.kit.sample import sample

READ_ROLES, WRITE_ROLES, READ_AUDIT = "auth.roles.read", "auth.roles.write", "auth.audit.read"
"""Permissions of these endpoints."""

Reader = Annotated[Bearer, Depends(permitted(READ_ROLES))]
Writer = Annotated[Bearer, Depends(permitted(WRITE_ROLES))]
Auditor = Annotated[Bearer, Depends(permitted(READ_AUDIT))]

RoleName = Annotated[str, Path(pattern=f"^{ROLE.pattern}$", examples=["content-editor"])]
Subject = Annotated[str, Path(max_length=MAX_SUBJECT_LENGTH, examples=["ada"])]

_ROLE_OF = documented(401, 403, 404, 422, 503)


class Role(BaseModel):
    """What the role grants: permissions, or prefixes with `*` as their last word."""

    model_config = ConfigDict(extra="forbid") | sample(permissions=["auth.roles.read", "content.*"])
    permissions: Annotated[
        list[Annotated[str, Field(pattern=f"^{GRANT.pattern}$")]], Field(min_length=1, max_length=100)
    ]


def router(service: Service) -> APIRouter:
    routes = APIRouter(prefix="/v1/auth/admin")

    @routes.get("/roles", responses=documented(401, 403, 503))
    async def roles(who: Reader) -> dict[str, Role]:
        """All roles, with what each grants."""
        async with service.pool.connection() as connection:
            found = await store.grants(connection)
        return {name: Role(permissions=permissions) for name, permissions in found.items()}

    @routes.put("/roles/{role}", status_code=204, responses=documented(401, 403, 409, 422, 503))
    async def put_role(role: RoleName, content: Role, who: Writer) -> Response:
        """Makes the role, or replaces what it grants."""
        _unless_admin(role)
        async with service.pool.connection() as connection:
            await store.put_role(connection, role, content.permissions)
            granted = " ".join(sorted(set(content.permissions)))
            await audit.append(connection, who.principal.user, "role.put", role, permissions=granted)
        return Response(status_code=204)

    @routes.delete("/roles/{role}", status_code=204, responses=documented(401, 403, 404, 409, 422, 503))
    async def delete_role(role: RoleName, who: Writer) -> Response:
        """Deletes the role, and takes it from everybody."""
        _unless_admin(role)
        async with service.pool.connection() as connection:
            if not await store.delete_role(connection, role):
                raise Problem(404, "there is no such role")
            await audit.append(connection, who.principal.user, "role.deleted", role)
        return Response(status_code=204)

    @routes.get("/subjects/{subject}/roles", responses=documented(401, 403, 422, 503))
    async def roles_of(subject: Subject, who: Reader) -> list[str]:
        """The roles of a person."""
        async with service.pool.connection() as connection:
            return await store.roles_of(connection, subject)

    @routes.put("/subjects/{subject}/roles/{role}", status_code=204, responses=_ROLE_OF)
    async def give(subject: Subject, role: RoleName, who: Writer) -> Response:
        """Gives a person a role: access tokens have it from the next refresh on, CheckPermission at once."""
        if error := subject_error(subject):
            raise Problem(422, error)
        async with service.pool.connection() as connection:
            if not await store.give(connection, subject, role):
                raise Problem(404, "there is no such role")
            await audit.append(connection, who.principal.user, "role.given", subject, role=role)
        return Response(status_code=204)

    @routes.delete("/subjects/{subject}/roles/{role}", status_code=204, responses=_ROLE_OF)
    async def take(subject: Subject, role: RoleName, who: Writer) -> Response:
        """Takes a role from a person; access tokens have it no more from the next refresh on."""
        async with service.pool.connection() as connection:
            if not await store.take(connection, subject, role):
                raise Problem(404, "the subject does not have this role")
            await audit.append(connection, who.principal.user, "role.taken", subject, role=role)
        return Response(status_code=204)

    @routes.get("/audit", responses=documented(401, 403, 422, 503))
    async def entries(
        who: Auditor,
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        """Entries of the audit log in order, from the one behind `after` on."""
        async with service.pool.connection() as connection:
            found = await audit.entries(connection, after, limit)
        return [
            {
                "number": entry.number,
                "at": datetime.fromtimestamp(entry.at / 1e6, UTC),
                "actor": entry.actor,
                "action": entry.action,
                "subject": entry.subject,
                "detail": entry.detail,
                "hash": stored.hex(),
            }
            for entry, stored in found
        ]

    @routes.get("/audit/verification", responses=documented(401, 403, 503))
    async def verification(who: Auditor) -> dict[str, Any]:
        """Whether the chain of the audit log is whole; compare `head` with the newest hash in the service's log."""
        async with service.pool.connection() as connection:
            found = await audit.verified(connection)
        return {"entries": found.entries, "head": found.head.hex(), "broken_at": found.broken_at}

    return routes


def _unless_admin(role: str) -> None:
    if role == ADMIN:
        raise Problem(409, f"the role {ADMIN} stays as it is, so that somebody can always grant roles")
