"""An app that asks the API at the gateway, with a person's token or an editor's."""

from __future__ import annotations

import base64
import json
import ssl
from dataclasses import dataclass
from typing import Any

import httpx
from stripe import WebhookSignature

from cli.sign_in import Gateway
from local.site import Site
from tests.fixtures.platform import Platform


@dataclass
class App:
    """Requests as somebody; `token` is an access token, "" for nobody."""

    site: Site
    gateway: Gateway
    token: str = ""

    @classmethod
    def of(cls, platform: Platform) -> App:
        site = Site(platform.home, int(platform.env["AURA_SITE"]))
        return cls(site, Gateway(site))

    def of_user(self, token: str) -> App:
        return App(self.site, self.gateway, token)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """The answer, of any status; `path` begins with the version."""
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = json.dumps(body).encode() if body is not None else None
        sent = {**bearer, "Content-Type": "application/json", **headers}
        return self.gateway.send(httpx.Request(method, self.gateway.url + path, content=content, headers=sent))

    def done(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of an answer of success, None without content."""
        answer = self.ask(method, path, body, **headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def refresh(self, refresh_token: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.gateway.send(httpx.Request("POST", f"{self.gateway.url}/v1/auth/token", data=form))

    def deliver(self, secret: str, event: dict[str, Any]) -> httpx.Response:
        """The answer to an event of Stripe, signed with the secret of the webhook."""
        payload = json.dumps(event)
        signature = WebhookSignature.generate_signature_header(payload, secret, None)
        url = f"{self.gateway.url}/v1/payments/webhooks/stripe"
        return self.gateway.send(httpx.Request("POST", url, content=payload, headers={"Stripe-Signature": signature}))

    def view(self, url: str) -> httpx.Response:
        """What the edge location of this machine answers for a URL of CloudFront."""
        wanted, edge = httpx.URL(url), httpx.URL(self.site.edge_url)
        trust = ssl.create_default_context(cafile=str(self.site.authority / "ca.crt"))
        with httpx.Client(verify=trust, trust_env=False, timeout=20) as client:
            here = wanted.copy_with(host=edge.host, port=edge.port)
            return client.get(here, headers={"Host": wanted.host}, extensions={"sni_hostname": wanted.host})


def webhook_secret(platform: Platform) -> str:
    secret = ("--secret-id", "aura/local/payments/stripe-webhook", "--query", "SecretString", "--output", "text")
    return platform.run("aws", "secretsmanager", "get-secret-value", *secret).strip()


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified, as an app reads it."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
