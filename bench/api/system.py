"""The services under test, each as one process, with the engines that they need and the gateway in front."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey
from psycopg.conninfo import make_conninfo

from bench.api.peer import Peer
from bench.system import stores
from bench.system.gateway import Gateways
from bench.system.program import Program
from bench.system.stores import Stores
from contracts import entitlement_events, signing_keys
from contracts.auraservice import AuraServiceSpec
from contracts.connections import postgres_verification
from contracts.platform import TOPIC_ENTITLEMENT_EVENTS
from local.engines.certificates import Authority
from local.engines.opensearch import Login, OpenSearch, Security
from local.engines.runtime.scratch import ScratchEnvironment
from local.site import CHECKOUT
from services.kit.settings import JWKS_PATH
from services.kit.topics import ensure_topic

SERVICES = ("auth", "users", "content")
GATEWAY_CONNECTIONS = 1_000
_PEER_PORT = 8080


@dataclass(frozen=True)
class System:
    """Services and peers by name; `databases` are libpq's parameters of each service's database."""

    key: ECKey
    """Signs access tokens."""
    programs: Mapping[str, Program]
    databases: Mapping[str, str]
    gateways: Gateways

    def grpc_address(self) -> tuple[str, int]:
        return self.programs["auth"].address[0], _spec("auth").ports["grpc"]


@contextmanager
def running(
    scratch: ScratchEnvironment, fill: Callable[[Mapping[str, str]], None], progress: Callable[[str], None]
) -> Iterator[System]:
    """All of it, until the end of the block. `fill` is given the databases once they have their tables, before the
    services start. Raises EngineFailed if one does not become ready."""
    progress(f"starting engines in {scratch.folder}")
    using = stores.start(scratch, encrypted=True)
    search = _opensearch(scratch)
    pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
    addresses = dict(zip(SERVICES, scratch.addresses[4:], strict=False))
    host, port = addresses["auth"], _spec("auth").ports["http"]
    shared = {**using.variables, "JWKS_URL": f"http://{host}:{port}{JWKS_PATH}"}
    own = {"auth": {"SIGNING_KEY": pem}, "users": {}, "content": {**search, **_media()}}
    programs: dict[str, Program] = {}
    databases: dict[str, str] = {}
    for name in SERVICES:
        env = {**shared, **own[name], "DATABASE_URL": using.create_database(name)}
        place = (addresses[name], _spec(name).ports["http"])
        programs[name] = Program(scratch.folder, name, f"services.{name}", place, env)
        databases[name] = make_conninfo(env["DATABASE_URL"], **postgres_verification(env["CA_FILE"]))
    _migrate(using, programs)
    fill(databases)
    for number, peer in enumerate(Peer):
        place = (scratch.addresses[3], _PEER_PORT + number)
        programs[peer] = Program(scratch.folder, peer, "bench.api.peer", place, {**shared, "PEER": peer})
    progress("starting services")
    for program in programs.values():
        program.start()
    pods = {name: [address] for name, address in addresses.items()}
    gateways = Gateways(scratch.folder, [scratch.addresses[7]], pods, signing_keys.load(pem), GATEWAY_CONNECTIONS)
    try:
        yield System(signing_keys.load(pem), programs, databases, gateways)
    finally:
        gateways.stop()


def _migrate(using: Stores, programs: Mapping[str, Program]) -> None:
    """As before a rollout; the topic of entitlements is made by payments, which is not under test."""
    for name, program in programs.items():
        subprocess.run(
            [sys.executable, "-m", f"services.{name}.migrate"],
            env={**program.env, "PATH": ""},
            cwd=CHECKOUT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    ensure_topic(
        using.kafka_client, TOPIC_ENTITLEMENT_EVENTS, partitions=entitlement_events.PARTITIONS, retention_ms=None
    )


def _opensearch(scratch: ScratchEnvironment) -> dict[str, str]:
    """Starts a node; returns the variables of its client."""
    login = Login("aura", secrets.token_urlsafe(16))
    authority = Authority(scratch.folder / "authority", "benchmark").ensure()
    node = OpenSearch(scratch.folder / "opensearch", scratch.addresses[3], security=Security(authority, login))
    node.ensure()
    return {"OPENSEARCH_URL": node.url, "OPENSEARCH_USERNAME": login.user, "OPENSEARCH_PASSWORD": login.password}


def _media() -> dict[str, str]:
    """Of the bucket nothing is asked: playback signs URLs of the distribution in front of it."""
    key = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "MEDIA_BUCKET": "recordings",
        "MEDIA_URL": "https://media.aurawellness.com",
        "MEDIA_KEY_ID": "K2JCJMDEHXQW5F",
        "MEDIA_KEY": key.decode(),
        "AWS_REGION": "us-west-2",
    }


def _spec(name: str) -> AuraServiceSpec:
    manifest: Path = CHECKOUT / "manifests" / "base" / f"{name}.yaml"
    return AuraServiceSpec.model_validate(yaml.safe_load(manifest.read_text())["spec"])
