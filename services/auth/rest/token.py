"""The token endpoint (RFC 6749) and log-out (RFC 7009): for apps, which have no secret, with a form."""

from __future__ import annotations

import time
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from contracts.tokens import LIFETIME_SECONDS
from services.auth.access.entitlements import roles_in_token
from services.auth.audit import store as audit
from services.auth.rest.forms import BadForm, documented_form, form
from services.auth.service import Service
from services.auth.sessions import store as sessions
from services.auth.sessions.rotation import Outcome
from services.auth.sign_in import store as sign_ins
from services.auth.sign_in.request import verifier_matches
from services.kit.problems import documented
from services.kit.sample import sample

_NO_STORE = {"Cache-Control": "no-store"}
_GRANTS = "grant_type must be authorization_code or refresh_token"
_WHY = {
    Outcome.EXPIRED: "the refresh token has expired; sign in again",
    Outcome.ENDED: "the session has ended; sign in again",
    Outcome.REUSED: "the refresh token was used before, so its session has ended; sign in again",
}


class Grant(BaseModel):
    """`code`, `redirect_uri` and `code_verifier` for an authorization_code, or else `refresh_token`."""

    model_config = sample(grant_type="refresh_token", refresh_token="tGzv3JOkF0XG5Qx2TlKWIA")
    grant_type: Literal["authorization_code", "refresh_token"]
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    refresh_token: str = ""


class Tokens(BaseModel):
    """`access_token` lasts for `expires_in` seconds; `refresh_token` gives the next two, once."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    refresh_token: str


class Ended(BaseModel):
    """`token` is a refresh token."""

    model_config = sample(token="tGzv3JOkF0XG5Qx2TlKWIA")
    token: str


class Refusal(BaseModel):
    """RFC 6749, section 5.2."""

    error: str
    error_description: str


class Refused(Exception):
    """`error` is a code of RFC 6749, section 5.2; the text is its description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


_ANSWERS: dict[int | str, dict[str, Any]] = {400: {"model": Refusal}, **documented(503)}


def router(service: Service) -> APIRouter:
    routes = APIRouter(prefix="/v1/auth")

    @routes.post("/token", response_model=Tokens, responses=_ANSWERS, openapi_extra=documented_form(Grant))
    async def token(request: Request) -> JSONResponse:
        """Tokens for a code or a refresh token. 400 with `error` and `error_description` for anything else."""
        try:
            given = await form(request)
            if given.get("grant_type") == "authorization_code":
                return await for_code(given)
            if given.get("grant_type") == "refresh_token":
                return await for_refresh_token(given)
            raise Refused("unsupported_grant_type", _GRANTS)
        except BadForm as error:
            return _refusal("invalid_request", str(error))
        except Refused as error:
            return _refusal(error.error, str(error))

    @routes.post("/log-out", status_code=204, responses=_ANSWERS, openapi_extra=documented_form(Ended))
    async def log_out(request: Request) -> Response:
        """Ends the session of the refresh token in `token`; 204 also for one that means nothing (RFC 7009, 2.2)."""
        try:
            given = await form(request)
        except BadForm as error:
            return _refusal("invalid_request", str(error))
        async with service.pool.connection() as connection:
            session_id = await sessions.session_of(connection, given.get("token", ""))
            if session_id is not None:
                await sessions.end(connection, session_id, "log-out")
        return Response(status_code=204)

    async def for_code(given: dict[str, str]) -> JSONResponse:
        async with service.pool.connection() as connection:
            code = await sign_ins.take_code(connection, given.get("code", ""))
        if code is None:
            raise Refused("invalid_grant", "the code is unknown, used or expired; begin the sign-in again")
        if given.get("redirect_uri") != code.redirect_uri:
            raise Refused("invalid_grant", "redirect_uri is not the one that the sign-in began with")
        if not verifier_matches(given.get("code_verifier", ""), code.challenge):
            raise Refused("invalid_grant", "code_verifier does not belong to the code_challenge of this sign-in")
        async with service.pool.connection() as connection:
            began = await sessions.begin(connection, code.account_id, code.device, time.time())
            roles = await roles_in_token(connection, code.account_id, time.time())
            await audit.append(connection, code.account_id, "session.began", began.session_id)
        return _answer(service, began, roles)

    async def for_refresh_token(given: dict[str, str]) -> JSONResponse:
        async with service.pool.connection() as connection:
            use = await sessions.use(connection, given.get("refresh_token", ""), time.time())
            if use is None:
                raise Refused("invalid_grant", "the refresh token is unknown; sign in again")
            roles = await roles_in_token(connection, use.account_id, time.time()) if use.refresh_token else []
            if use.outcome is Outcome.REUSED:  # the transaction has to last, so the refusal comes after it
                await audit.append(connection, use.account_id, "session.reuse", use.session_id)
        if why := _WHY.get(use.outcome):
            raise Refused("invalid_grant", why)
        return _answer(service, use, roles)

    return routes


def _answer(service: Service, use: sessions.Use, roles: list[str]) -> JSONResponse:
    token = service.issuer.issue(use.account_id, roles, use.session_id)
    assert use.refresh_token is not None  # every other outcome was refused
    tokens = Tokens(access_token=token, expires_in=LIFETIME_SECONDS, refresh_token=use.refresh_token)
    return JSONResponse(tokens.model_dump(), headers=_NO_STORE)


def _refusal(error: str, description: str) -> JSONResponse:
    return JSONResponse(Refusal(error=error, error_description=description).model_dump(), 400, _NO_STORE)
