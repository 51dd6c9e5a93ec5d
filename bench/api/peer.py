"""`python -m bench.api.peer`: one route of a FastAPI application, bare or with what services have from the kit.

All are served by the kit's uvicorn settings. The bare one has no middleware and no dependency.
"""

from __future__ import annotations

from enum import StrEnum

from fastapi import APIRouter, Depends, FastAPI

from services.kit import app, authentication, serve
from services.kit.settings import TokenSettings
from services.kit.tokens import Verifier

PATH = "/v1/thing"


class Peer(StrEnum):
    BARE = "bare"
    KIT = "kit"
    TOKEN = "token"
    """The kit, and callers are verified."""


class PeerSettings(TokenSettings):
    """PEER is required; for `token`, JWKS_URL too."""

    peer: Peer


async def thing() -> dict[str, str]:
    return {"thing": "something"}


def create(settings: PeerSettings) -> FastAPI:
    routes = APIRouter()
    if settings.peer is Peer.BARE:
        found = FastAPI(docs_url=None, redoc_url=None, redirect_slashes=False)
        routes.add_api_route("/readyz", thing)
    elif settings.peer is Peer.KIT:
        found = app.create("peer")
    else:
        found = app.create("peer", verifier=Verifier.from_settings(settings))
    verified = [Depends(authentication.caller)] if settings.peer is Peer.TOKEN else []
    routes.add_api_route(PATH, thing, dependencies=verified)
    found.include_router(routes)
    return found


def main() -> None:
    settings = PeerSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    serve.run(create(settings), settings)


if __name__ == "__main__":
    main()
