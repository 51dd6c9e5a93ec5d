"""What this service has of a person."""

from __future__ import annotations

from fastapi import APIRouter

from services.auth.rest.caller import Caller
from services.auth.service import Service
from services.kit.export import Exported, rows
from services.kit.problems import documented

EXPORTED = {
    "accounts": "select to_jsonb(t) from accounts as t where id = %(person)s",
    "identities": "select to_jsonb(t) - 'account_id' from identities as t where account_id = %(person)s",
    "sessions": "select to_jsonb(t) - 'account_id' from sessions as t where account_id = %(person)s",
    "subject_roles": "select to_jsonb(t) - 'subject' from subject_roles as t where subject = %(person)s",
    "entitlements": "select to_jsonb(t) - 'account_id' from entitlements as t where account_id = %(person)s",
    "audit": "select jsonb_build_object('number', number, 'at', at, 'action', action) ||"
    " case when subject = %(person)s or action like 'session.%%'"
    " then jsonb_build_object('subject', subject, 'detail', detail) else '{}' end"
    " from audit where actor = %(person)s or subject = %(person)s order by number",
}
"""By table. Codes and tokens are left out: they are secrets, of which hashes are kept, and end by themselves. An entry
of the audit log is without who else it is about, or who else did it."""


def router(service: Service) -> APIRouter:
    routes = APIRouter(prefix="/v1/auth")

    @routes.get("/export", responses=documented(401, 503))
    async def export(who: Caller) -> Exported:
        """Everything that this service has of the caller, by table."""
        async with service.pool.connection() as connection:
            return await rows(connection, EXPORTED, who.principal.user)

    return routes
