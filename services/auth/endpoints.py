"""HTTP endpoints of the auth service."""

from __future__ import annotations

from fastapi import FastAPI
from joserfc.jwk import ECKey
from starlette.responses import JSONResponse

from services.auth import signing
from services.kit import app
from services.kit.settings import JWKS_PATH


def create(keys: list[ECKey]) -> FastAPI:
    """The application; `keys` are the signing key, then previous keys that are still published."""
    service = app.create("auth")
    document = signing.jwks(keys)

    @service.get(JWKS_PATH)
    async def keys_document() -> JSONResponse:
        return JSONResponse(document, headers={"Cache-Control": "public, max-age=60"})

    return service
