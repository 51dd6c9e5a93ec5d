"""A real HAProxy in front of real services, configured from Kubernetes objects without a cluster."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey

from contracts import signing_keys
from local.gateway.certificate import IssuedCertificate, ensure_ca, issue
from local.gateway.haproxy.proxy import Proxy, backend_servers, certificate_bundles
from local.gateway.haproxy.render import ProxySettings
from local.gateway.objects import Object
from local.gateway.routing.plan import Compiled
from local.site import CHECKOUT, Site
from services.auth.tokens import issue as issue_token
from services.kit.settings import DEFAULT_ISSUER
from tests.fixtures.engines import SITE_INDEX, ScratchEnvironment
from tests.gateway import objects

UPSTREAM_PORT = 8080


@dataclass
class Upstreams:
    """Services as processes; `start` returns when one listens."""

    addresses: tuple[str, ...]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, number: int = 0) -> str:
        address = self.addresses[number]
        argv = [sys.executable, "-m", "tests.gateway.upstream", name, address, str(UPSTREAM_PORT)]
        self.running[name] = subprocess.Popen(argv, cwd=CHECKOUT)
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"http://{address}:{UPSTREAM_PORT}/", trust_env=False)
                return address
            except httpx.TransportError:
                assert time.monotonic() < deadline, f"{name} does not listen"
                time.sleep(0.05)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait()


@dataclass
class RunningGateway:
    """The gateway. `apply` serves these objects; tokens are signed by `key`, whose public key the gateway knows."""

    proxy: Proxy
    trust: ssl.SSLContext
    certificate: IssuedCertificate
    key: ECKey

    @property
    def address(self) -> str:
        return self.proxy.settings.address

    async def apply(self, *items: Object, credentials: Sequence[Object] | None = None) -> Compiled:
        """`credentials` are those of `key` unless others are given."""
        base = objects.gateway_class(), objects.gateway(), objects.secret(self.certificate), objects.service()
        known = objects.credentials(self.key) if credentials is None else credentials
        cache = objects.cache(*base, objects.proxy_service(), *known, *items)
        compiled = objects.compile_objects(cache)
        certificates = certificate_bundles(compiled.plan, cache)
        await self.proxy.apply(compiled.plan, certificates, backend_servers(compiled.plan, cache))
        return compiled

    def client(self, host: str = objects.HOST) -> httpx.AsyncClient:
        """A client that resolves every host to the gateway."""

        async def set_sni(request: httpx.Request) -> None:
            request.extensions["sni_hostname"] = host

        return httpx.AsyncClient(
            base_url=f"https://{self.address}:{objects.PORT}",
            verify=self.trust,
            headers={"Host": host},
            event_hooks={"request": [set_sni]},
            trust_env=False,
            timeout=20,
        )

    def token(self, user: str = "ann", key: ECKey | None = None, **more: float) -> str:
        return issue_token(user, ["user"], key or self.key, time.time(), **more)  # type: ignore[arg-type]

    def bearer(self, user: str = "ann") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(user)}"}


@pytest.fixture(scope="session")
def new_key() -> Callable[[], ECKey]:
    def make() -> ECKey:
        pem = ECKey.generate_key("P-256").as_pem(private=True)
        return signing_keys.load(pem.decode())

    return make


@pytest.fixture
def upstreams(scratch: ScratchEnvironment) -> Iterator[Upstreams]:
    made = Upstreams(scratch.addresses[5:8])
    yield made
    for name in list(made.running):
        made.kill(name)


@pytest.fixture
async def gateway(scratch: ScratchEnvironment, new_key: Callable[[], ECKey]) -> AsyncIterator[RunningGateway]:
    folder = Path(tempfile.mkdtemp(prefix="gw-"))  # the paths of UNIX sockets must be short
    site = Site(folder / "home", SITE_INDEX)
    certificate = issue(site, ["*.aurawellness.com"])
    trust = ssl.create_default_context(cafile=str(ensure_ca(site)))
    made = Proxy(folder, ProxySettings(scratch.addresses[4], DEFAULT_ISSUER, 1000))
    yield RunningGateway(made, trust, certificate, new_key())
    await made.haproxy.stop(0.1)
    shutil.rmtree(folder)


async def eventually(check: Callable[[], bool], seconds: float = 10) -> None:
    """Returns once `check` holds."""
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110  what is awaited is another process
            await asyncio.sleep(0.02)
