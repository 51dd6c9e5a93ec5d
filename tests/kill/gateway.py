"""HAProxy with the configuration that the gateway controller renders for the stream's route, without a cluster."""

from __future__ import annotations

import ssl
import urllib.request
from pathlib import Path

from joserfc.jwk import ECKey

from contracts.platform import STREAM_HOST
from local.engines.runtime.process import Process
from local.gateway.certificate import ensure_ca, issue
from local.gateway.endpoints import Endpoint
from local.gateway.haproxy.process import CONFIGURATION
from local.gateway.haproxy.proxy import backend_servers, certificate_bundles
from local.gateway.haproxy.render import PATTERN_FILES, ProxySettings, certificate_file, key_file, render
from local.gateway.haproxy.slots import assign
from local.site import Site
from local.toolchain import tools
from local.wearables.wearable import StreamEndpoint
from services.kit.settings import DEFAULT_ISSUER
from tests.fixtures.engines import SITE_INDEX
from tests.gateway import objects

CONNECTIONS = 2_000


class Gateway:
    """Serves wss://stream.aurawellness.com/v1/stream at `address` from `ingests`, for tokens signed with `key`."""

    def __init__(self, folder: Path, address: str, key: ECKey, ingests: list[Endpoint]) -> None:
        site = Site(folder / "home", SITE_INDEX)
        trust = ssl.create_default_context(cafile=str(ensure_ca(site)))
        self.endpoint = StreamEndpoint(f"wss://{STREAM_HOST}/v1/stream", address, objects.PORT, trust)
        self.process = Process(folder, "gateway")
        self._setting = ProxySettings(address, DEFAULT_ISSUER, CONNECTIONS)
        pods = [objects.pod(f"ingest-{n}", *ingest, service="ingest") for n, ingest in enumerate(ingests, 1)]
        route = objects.route("stream", "/v1/stream", "ingest", plugins="user,token,limit", host=STREAM_HOST)
        cache = objects.cache(
            *(objects.gateway_class(), objects.gateway(), objects.secret(issue(site, ["*.aurawellness.com"]))),
            *(objects.proxy_service(), objects.service("ingest"), route, *objects.plugins(), *pods),
            *objects.credentials(key),
        )
        plan = objects.compile_objects(cache).plan
        slots = {name: assign(servers, ()) for name, servers in backend_servers(plan, cache).items()}
        files = {certificate_file(name): pem for name, pem in certificate_bundles(plan, cache).items()}
        files |= {key_file(one): one.pem for one in plan.credentials} | PATTERN_FILES
        files[CONFIGURATION] = render(plan, self._setting, slots).encode()
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def start(self) -> None:
        """Starts it and returns when it is ready."""
        self.process.start([tools.path("haproxy"), "-W", "-db", "-L", self._setting.peer, "-f", CONFIGURATION])
        self.process.wait_until(self.ready, 20)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://{self._setting.address}:{self._setting.status_port}/readyz", timeout=2
            ):
                return True
        except OSError:
            return False
