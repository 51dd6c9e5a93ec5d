"""`aura sign-in`: signs a person in as an app does, with a provider of this machine in Google's place."""

from __future__ import annotations

import json
import re
import secrets
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import stacks
from cli.aws.credentials import local_client, stored_secret
from cli.progress.steps import StepFailed
from cli.wearables import find_endpoint
from contracts.platform import API_HOST, GOOGLE_CLIENT_SECRET, secrets_prefix
from local import identity
from local.engines.certificates import Authority
from local.engines.runtime.process import EngineFailed
from local.identity import browser
from local.identity.provider import Client, IdentityProvider
from local.plugins.home import STACK
from local.site import Site
from services.auth.sessions.opaque import challenge

APP = "http://127.0.0.1:49152/signed-in"
"""Redirect URI of a program. Nothing listens there: the browser is this program itself."""
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def print_sign_in(address: str) -> None:
    """Prints the answer of the token endpoint."""
    if not _ADDRESS.fullmatch(address):
        sys.exit(f"{address!r} is no e-mail address: write one such as ann@example.com")
    site = Site.current()
    try:
        gateway = Gateway(site)
        with provider(site, gateway):
            tokens = sign_in(gateway, address)
    except (StepFailed, EngineFailed, browser.SignInStopped) as error:
        sys.exit(str(error))
    except httpx.HTTPError as error:
        sys.exit(f"the sign-in stopped ({type(error).__name__}: {error}); `aura status` shows what is not Ready")
    print(json.dumps(tokens, indent=2))


class Gateway:
    """The gateway of this machine, whose hosts have no public names; raises StepFailed while it has no address."""

    def __init__(self, site: Site) -> None:
        endpoint = find_endpoint(site)
        self._address, self.port = endpoint.host, endpoint.port
        self.url = f"https://{API_HOST}:{self.port}"
        self.tls = ssl.create_default_context(cafile=str(site.home / "ca.pem"))
        self.tls.load_verify_locations(str(site.authority / "ca.crt"))

    def send(self, request: httpx.Request) -> httpx.Response:
        """As a client that resolves the API's host to the gateway; others by their own names."""
        with httpx.Client(verify=self.tls, trust_env=False, timeout=20) as client:
            if request.url.host == API_HOST:
                headers = {**request.headers, "host": f"{API_HOST}:{self.port}"}
                extensions = {**request.extensions, "sni_hostname": API_HOST}
                url = request.url.copy_with(host=self._address)
                request = client.build_request(
                    request.method, url, headers=headers, content=request.read(), extensions=extensions
                )
            return client.send(request)


@contextmanager
def provider(site: Site, gateway: Gateway) -> Iterator[None]:
    """Runs the provider that the local overlay names, with the client that it registers there."""
    region = stacks.read(STACK).region
    name = f"{secrets_prefix(STACK)}{GOOGLE_CLIENT_SECRET}"
    try:
        secret = stored_secret(local_client(site, "secretsmanager", region), name).current
    except (BotoCoreError, ClientError) as error:
        raise StepFailed(f"the secret {name} could not be read ({error}); is the platform up?") from error
    client = Client(identity.CLIENT_ID, secret, f"{gateway.url}/v1/auth/callback/google")
    authority = Authority(site.authority, "aura").ensure()
    running = IdentityProvider(site.home / "identity", identity.HOST, identity.PORT, authority, [client])
    running.start()
    try:
        yield
    finally:
        running.stop()


def sign_in(gateway: Gateway, address: str) -> dict[str, object]:
    """The answer of the token endpoint; raises SignInStopped."""
    verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
    query = {
        "redirect_uri": APP,
        "state": state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        "device": "aura sign-in",
    }
    person = {"address": address, "verified": "true"}
    start = f"{gateway.url}/v1/auth/sign-in/google?{urlencode(query)}"
    back = browser.sign_in(start, APP, person, gateway.tls, send=gateway.send)
    answer = {name: value for name, (value, *_) in parse_qs(urlsplit(back).query).items()}
    if answer.get("state") != state or "code" not in answer:
        raise browser.SignInStopped(f"nobody was signed in: {answer.get('error_description') or answer.get('error')}")
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": APP,
        "code_verifier": verifier,
    }
    tokens = gateway.send(httpx.Request("POST", f"{gateway.url}/v1/auth/token", data=form))
    if not tokens.is_success:
        raise browser.SignInStopped(f"no tokens for the code: {tokens.status_code} {tokens.text[:300]}")
    return tokens.json()
