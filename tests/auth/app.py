"""What an app does to sign a person in."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from local.identity import browser
from services.auth.issuing import Bearer
from services.auth.sessions.opaque import challenge


@dataclass
class App:
    """An app of ours, with `redirect` as its redirect URI."""

    http: httpx.Client
    redirect: str
    tls: ssl.SSLContext
    database_url: str
    bearer: Callable[[str], Bearer]
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def start(self, provider: str = "google", state: str = "the-apps-state", **other: str) -> str:
        """The URL at which a browser begins."""
        query = {
            "redirect_uri": self.redirect,
            "state": state,
            "code_challenge": challenge(self.verifier),
            "code_challenge_method": "S256",
            "device": "Ada's phone",
        } | other
        return str(self.http.base_url.join(f"/v1/auth/sign-in/{provider}").copy_with(params=query))

    def answer(self, address: str, provider: str = "google", verified: str = "true", **person: str) -> dict[str, str]:
        """What the browser brings back to the app."""
        who = {"address": address, "verified": verified, **person}
        return query(browser.sign_in(self.start(provider), self.redirect, who, self.tls))

    def token(self, **form: str) -> httpx.Response:
        return self.http.post("/v1/auth/token", data=form)

    def redeem(self, code: str, **other: str) -> httpx.Response:
        form = {"code": code, "redirect_uri": self.redirect, "code_verifier": self.verifier} | other
        return self.token(grant_type="authorization_code", **form)

    def refresh(self, refresh_token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def sign_in(self, address: str, provider: str = "google", **person: str) -> dict[str, Any]:
        """The tokens of a new session."""
        answer = self.redeem(self.answer(address, provider, **person)["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, access_token: str) -> httpx.Response:
        return self.call("GET", path, access_token)

    def call(self, method: str, path: str, access_token: str, **content: Any) -> httpx.Response:
        return self.http.request(method, path, headers={"Authorization": f"Bearer {access_token}"}, **content)


def query(url: str) -> dict[str, str]:
    return {name: value for name, (value, *_) in parse_qs(urlsplit(url).query).items()}
