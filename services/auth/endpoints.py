"""The auth service without a database: it publishes its keys and the API's document, and nobody can sign in."""

from __future__ import annotations

from fastapi import FastAPI
from joserfc.jwk import ECKey

from services.auth.rest import keys, openapi
from services.kit import app


def create(signing: list[ECKey]) -> FastAPI:
    """The application; `signing` are the signing key, then previous keys that are still published."""
    service = app.create("auth")
    service.include_router(keys.router(signing))
    service.include_router(openapi.router)
    return service
