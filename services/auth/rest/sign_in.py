"""A sign-in with a browser: to the provider, back from it, and to the app."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse

from services.auth.accounts import linking
from services.auth.accounts import store as accounts
from services.auth.audit import store as audit
from services.auth.providers.client import ProviderClient, SignInRefused
from services.auth.providers.discovery import ProviderUnusable
from services.auth.providers.provider import ProviderName
from services.auth.rest.forms import BadForm, documented_form, form
from services.auth.service import Service
from services.auth.sessions import opaque
from services.auth.sign_in import request as requests
from services.auth.sign_in import store
from services.auth.sign_in.store import SignIn
from services.kit import logs
from services.kit.problems import Problem, documented, unavailable
from services.kit.sample import sample

log = logs.get(__name__)

_SIGNED_IN = "https://app.aurawellness.com/signed-in"
Provider = Annotated[str, Path(description="google or apple", examples=[ProviderName.GOOGLE])]
Text = Annotated[str, Query(max_length=2000)]
Redirect = Annotated[Text, Query(description="one of the app's, as docs/sign-in.md says", examples=[_SIGNED_IN])]
State = Annotated[Text, Query(description="what the app compares the answer's with", examples=["af0ifjsldkj"])]
Challenge = Annotated[Text, Query(examples=["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"])]
Method = Annotated[Text, Query(description="always S256", examples=["S256"])]
Device = Annotated[Text, Query(description="what the list of devices calls it", examples=["Ada's phone"])]
_NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""States and codes stand in these URLs."""
_ANSWERS = documented(400, 404, 422, 503)


class Answer(BaseModel):
    """What the provider's form has: a `code`, or an `error`."""

    model_config = sample(state="af0ifjsldkj", code="SplxlOBeZQQYbYS6WxSbIA")
    state: str
    code: str = ""
    error: str = ""


def router(service: Service) -> APIRouter:
    routes = APIRouter(prefix="/v1/auth")
    settings = service.settings

    @routes.get("/sign-in/{provider}", status_code=302, response_class=RedirectResponse, responses=_ANSWERS)
    async def begin(
        provider: Provider,
        redirect_uri: Redirect = "",
        state: State = "",
        code_challenge: Challenge = "",
        code_challenge_method: Method = "",
        device: Device = "",
    ) -> RedirectResponse:
        """Sends the browser to the provider. The parameters are the app's (RFC 6749, 4.1.1; RFC 7636)."""
        client = _client(service, provider)
        allowed = settings.redirects()
        if error := requests.error(redirect_uri, allowed, state, code_challenge_method, code_challenge, device):
            raise Problem(400, error)
        sent, nonce, verifier = (opaque.generate() for _ in range(3))
        try:
            url = await client.authorization_url(settings.callback(provider), sent, nonce, verifier)
        except ProviderUnusable as error:
            raise _unusable(provider, error) from error
        async with service.pool.connection() as connection:
            one = SignIn(provider, nonce, verifier, redirect_uri, state, code_challenge, device)
            await store.remember(connection, sent, one)
        return RedirectResponse(url, 302, _NO_STORE)

    @routes.get("/callback/{provider}", status_code=303, response_class=RedirectResponse, responses=_ANSWERS)
    async def back_by_query(provider: Provider, request: Request) -> RedirectResponse:
        """Where Google sends the browser back to."""
        return await end(provider, dict(request.query_params))

    @routes.post(
        "/callback/{provider}",
        status_code=303,
        response_class=RedirectResponse,
        responses=_ANSWERS,
        openapi_extra=documented_form(Answer),
    )
    async def back_by_form(provider: Provider, request: Request) -> RedirectResponse:
        """Where Apple sends the browser back to (OAuth 2.0 Form Post Response Mode)."""
        try:
            return await end(provider, await form(request))
        except BadForm as error:
            raise Problem(400, str(error)) from error

    async def end(provider: str, answer: dict[str, str]) -> RedirectResponse:
        client = _client(service, provider)
        async with service.pool.connection() as connection:
            one = await store.take(connection, answer.get("state", ""), provider)
        if one is None:
            raise Problem(400, "no sign-in with this state is under way: it ended or expired; begin again")
        if "code" not in answer:
            reason = "access_denied" if answer.get("error") in ("access_denied", "user_cancelled_authorize") else ""
            return _to_app(one, error=reason or "server_error")
        try:
            claims = await client.claims(answer["code"], settings.callback(provider), one.nonce, one.verifier)
        except SignInRefused as error:
            log.warning("sign_in_refused", provider=provider, reason=str(error))
            return _to_app(one, error="access_denied", error_description=str(error))
        except ProviderUnusable as error:
            log.warning("provider_unusable", provider=provider, reason=str(error))
            return _to_app(one, error="temporarily_unavailable", error_description="the provider does not answer")
        code = opaque.generate()
        async with service.pool.connection() as connection:
            found = await accounts.sign_in(connection, linking.identity(client.provider.issuer, claims))
            await store.give_code(connection, code, found.account_id, one)
            if found.link is not linking.Link.KNOWN:
                await audit.append(connection, found.account_id, f"account.{found.link}", found.account_id, by=provider)
        return _to_app(one, code=code)

    return routes


def _to_app(one: SignIn, **answer: str) -> RedirectResponse:
    return RedirectResponse(requests.answer_url(one.redirect_uri, **answer, state=one.client_state), 303, _NO_STORE)


def _client(service: Service, provider: str) -> ProviderClient:
    if client := service.providers.get(provider):
        return client
    offered = ", ".join(sorted(service.providers)) or "none: this stack has no client ids"
    raise Problem(404, f"no provider of that name is offered; offered are {offered}")


def _unusable(provider: str, error: ProviderUnusable) -> Problem:
    log.warning("provider_unusable", provider=provider, reason=str(error))
    return unavailable(f"{provider} does not answer")
