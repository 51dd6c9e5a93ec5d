"""The JWKS document."""

from __future__ import annotations

from fastapi import APIRouter
from joserfc.jwk import ECKey
from starlette.responses import JSONResponse

from services.auth import signing
from services.kit.settings import JWKS_PATH


def router(keys: list[ECKey]) -> APIRouter:
    """`keys` are the signing key, then previous keys that are still published."""
    routes = APIRouter()
    document = signing.jwks(keys)

    @routes.get(JWKS_PATH)
    async def keys_document() -> JSONResponse:
        """The public keys that verify access tokens (RFC 7517)."""
        return JSONResponse(document, headers={"Cache-Control": "public, max-age=60"})

    return routes
