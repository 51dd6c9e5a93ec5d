"""What this service has of a person."""

from __future__ import annotations

from fastapi import APIRouter

from services.auth.rest.caller import Caller
from services.auth.service import Service
from services.kit.export import Exported, rows
from services.kit.problems import documented

TABLES = {
    "accounts": "select to_jsonb(t) from accounts as t where id = %s",
    "identities": "select to_jsonb(t) - 'account_id' from identities as t where account_id = %s",
    "sessions": "select to_jsonb(t) - 'account_id' from sessions as t where account_id = %s",
    "subject_roles": "select to_jsonb(t) - 'subject' from subject_roles as t where subject = %s",
    "entitlements": "select to_jsonb(t) - 'account_id' from entitlements as t where account_id = %s",
    "audit": "select to_jsonb(t) - 'hash' from audit as t where subject = %s order by number",
}
"""Codes and tokens are left out: they are secrets, of which hashes are kept, and end by themselves."""


def router(service: Service) -> APIRouter:
    routes = APIRouter(prefix="/v1/auth")

    @routes.get("/export", responses=documented(401, 503))
    async def export(who: Caller) -> Exported:
        """Everything that this service has of the caller, by table."""
        async with service.pool.connection() as connection:
            return await rows(connection, TABLES, who.principal.user)

    return routes
