"""The provider's process."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from joserfc.jwk import ECKey, RSAKey

from local.engines.certificates import Authority
from local.engines.runtime.files import write
from local.engines.runtime.process import Process
from local.toolchain import tools

_PROGRAM = Path(__file__).with_name("provider.mjs")
START_SECONDS = 30


@dataclass(frozen=True)
class Client:
    """Who may ask the provider to sign people in, as a team registers it there."""

    id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True)
class AppleClient(Client):
    """A client whose secrets are JWTs of its own key: `public_key` is the PEM of that, `secret` any text."""

    team_id: str
    key_id: str
    public_key: str


@dataclass
class IdentityProvider:
    """The provider at https://<host>:<port>, certified by `authority`. Its signing key is new at each start."""

    folder: Path
    host: str
    port: int
    authority: Authority
    clients: list[Client] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"https://{self.host}:{self.port}"

    @property
    def address(self) -> str:
        """Where it listens: a name may have an IPv6 address as well, which the Pods of this machine do not use."""
        return socket.gethostbyname(self.host)

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority.certificate))

    @property
    def process(self) -> Process:
        return Process(self.folder, "identity")

    def start(self, algorithm: str = "RS256") -> None:
        """Returns once it answers. Raises EngineFailed when the port is in use or the program ends."""
        pair = self.authority.pair(f"identity-{self.host}", self.host, hosts=(self.host,))
        key = RSAKey.generate_key(2048) if algorithm == "RS256" else ECKey.generate_key("P-256")
        jwk = {**key.as_dict(private=True), "kid": secrets.token_hex(8), "use": "sig", "alg": algorithm}
        configuration = {
            "issuer": self.issuer,
            "host": self.address,
            "port": self.port,
            "certificate": str(pair.certificate),
            "key": str(pair.key),
            "jwks": {"keys": [jwk]},
            "cookie_key": secrets.token_hex(16),
            "clients": [_registration(client) for client in self.clients],
        }
        file = self.folder / "identity.json"
        self.folder.mkdir(parents=True, exist_ok=True)
        write(file, json.dumps(configuration).encode(), 0o600)
        process = self.process
        argv = [tools.path("node"), _PROGRAM, tools.packages("oidc-provider"), file]
        process.start(argv, listens=[(self.address, self.port)])
        process.wait_until(self.answers, START_SECONDS)

    def stop(self) -> None:
        self.process.kill()

    def answers(self) -> bool:
        try:
            with httpx.Client(verify=self.tls, trust_env=False, timeout=2) as client:
                return client.get(f"{self.issuer}/.well-known/openid-configuration").is_success
        except httpx.HTTPError:
            return False


def _registration(client: Client) -> dict[str, Any]:
    registered: dict[str, Any] = {
        "client_id": client.id,
        "client_secret": client.secret,
        "redirect_uris": [client.redirect_uri],
    }
    if isinstance(client, AppleClient):
        registered["apple"] = {
            "team_id": client.team_id,
            "key_id": client.key_id,
            "public_key": client.public_key,
        }
    return registered
