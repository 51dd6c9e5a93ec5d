"""The gateway in front of services: HAProxy configured by local/gateway from the operator's routes of them."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import yaml
from joserfc.jwk import ECKey

from contracts.auraservice import AuraServiceSpec
from contracts.gateway import TLS_PORT_NAME
from contracts.platform import NAMESPACE
from local.engines.runtime.scratch import SITE_INDEX
from local.gateway.cache import ObjectCache
from local.gateway.certificate import IssuedCertificate, ensure_ca, issue
from local.gateway.haproxy.proxy import Proxy, backend_servers, certificate_bundles
from local.gateway.haproxy.render import ProxySettings
from local.gateway.objects import Gateway, GatewayClass, HTTPRoute, KongConsumer, KongPlugin, Pod, Secret, Service
from local.gateway.routing.compile import compile_objects
from local.site import CHECKOUT, Site
from operators.auraservice import gateway as operator
from operators.auraservice import token_keys
from operators.auraservice.dependencies import Dependencies
from operators.kubernetes.manifest import NAME, Owner
from services.kit.settings import DEFAULT_ISSUER

PORT = 8443
"""Where gateways listen, as the overlays of the local platform have it: 443 is root's."""
_PROXY_SERVICE = (NAMESPACE, "kong-gateway-proxy")
_MANIFESTS = CHECKOUT / "manifests" / "base"


class Gateways:
    """One HAProxy for each of `addresses`, for at most `connections` each; they serve the routes of manifests/base.

    `pods` has the addresses of each service by its name there, where its Pods listen on their ports. Tokens signed with
    `key` are taken. `endpoints` are where the gateways listen with TLS, by a certificate of `ca_file`.
    """

    def __init__(
        self, folder: Path, addresses: Sequence[str], pods: Mapping[str, Sequence[str]], key: ECKey, connections: int
    ) -> None:
        site = Site(folder / "home", SITE_INDEX)
        certificate = issue(site, ["*.aurawellness.com"])
        self.ca_file = str(ensure_ca(site))
        cache = _cache(pods, key, certificate)
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name="gateways", daemon=True).start()
        self._proxies: list[Proxy] = []
        for i, address in enumerate(addresses):
            own = folder / f"gateway{i}"
            own.mkdir()
            proxy = Proxy(own, ProxySettings(address, DEFAULT_ISSUER, connections + 500))
            with _output_to(own / "access.log"):
                self._run(_serve(proxy, cache))
            self._proxies.append(proxy)
        self.endpoints = [(proxy.settings.address, PORT) for proxy in self._proxies]

    @property
    def pids(self) -> list[int]:
        return [child.pid for child in psutil.Process().children() if child.name() == "haproxy"]

    def stop(self) -> None:
        for proxy in self._proxies:
            self._run(proxy.haproxy.stop(0.1))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


async def _serve(proxy: Proxy, cache: ObjectCache) -> None:
    plan = compile_objects(cache, _PROXY_SERVICE).plan
    await proxy.apply(plan, certificate_bundles(plan, cache), backend_servers(plan, cache))


def _cache(pods: Mapping[str, Sequence[str]], key: ECKey, certificate: IssuedCertificate) -> ObjectCache:
    """What the cluster would hold: the manifests of Gateway and services, what the operator makes of the latter and of
    the signing key, Pods."""
    declared_gateway = _manifest("gateway", "Gateway")
    for listener in declared_gateway["spec"]["listeners"]:
        listener["port"] = PORT
    gateway = Gateway.model_validate(_placed(declared_gateway))
    proxy = {"ports": [{"name": TLS_PORT_NAME, "port": PORT}]}
    tls = {"tls.crt": certificate.certificate, "tls.key": certificate.key}
    declared = [
        _manifest("gateway", "GatewayClass"),
        _placed({"kind": "Service", "metadata": {"name": _PROXY_SERVICE[1]}, "spec": proxy}),
        _placed({"kind": "Secret", "metadata": {"name": "gateway-tls"}, "data": _encoded(tls)}),
        *_credentials(key),
        *(item for name, addresses in pods.items() for item in _service(name, addresses)),
    ]
    made = ObjectCache()
    for kind, shelf in (
        (GatewayClass, made.classes),
        (HTTPRoute, made.routes),
        (KongPlugin, made.plugins),
        (KongConsumer, made.consumers),
        (Service, made.services),
        (Pod, made.pods),
        (Secret, made.secrets),
    ):
        for item in declared:
            if item["kind"] == kind.__name__:
                read = kind.model_validate(item)
                shelf[read.key] = read  # pyright: ignore[reportArgumentType]  each kind on its own shelf
    made.gateways[gateway.key] = gateway
    return made


def _service(name: str, addresses: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Routes and plugins of a service as the operator makes them, its Service and its Pods."""
    owner = Owner("AuraService", NAMESPACE, name, "bench")
    spec = AuraServiceSpec.model_validate(_manifest(name)["spec"])
    yield from operator.routes(owner, spec, Dependencies())
    ports = [{"name": port, "port": number} for port, number in spec.ports.items()]
    about = {"name": name, "annotations": operator.timeouts(spec)}
    yield _placed({"kind": "Service", "metadata": about, "spec": {"selector": owner.selector, "ports": ports}})
    listening = [{"name": port, "containerPort": number} for port, number in spec.ports.items()]
    for number, address in enumerate(addresses):
        yield _placed(
            {
                "kind": "Pod",
                "metadata": {"name": f"{name}-{number}", "labels": {NAME: name}},
                "spec": {"containers": [{"ports": listening}]},
                "status": {"podIP": address, "conditions": [{"type": "Ready", "status": "True"}]},
            }
        )


def _credentials(key: ECKey) -> list[dict[str, Any]]:
    """Of the key that signs the users' tokens."""
    spec = AuraServiceSpec.model_validate(_manifest("auth")["spec"])
    secrets = {spec.token_keys[0]: key.as_pem(private=True).decode()}
    return token_keys.credentials(Owner("AuraService", NAMESPACE, "auth", "bench"), spec, secrets)


def _manifest(name: str, kind: str = "AuraService") -> dict[str, Any]:
    """The one object of this kind in a file of manifests/base."""
    (found,) = (item for item in yaml.safe_load_all((_MANIFESTS / f"{name}.yaml").read_text()) if item["kind"] == kind)
    return found


def _placed(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "metadata": {**item["metadata"], "namespace": NAMESPACE}}


def _encoded(data: dict[str, str]) -> dict[str, str]:
    return {name: base64.b64encode(text.encode()).decode() for name, text in data.items()}


@contextmanager
def _output_to(file: Path) -> Iterator[None]:
    """Output of programs started meanwhile: HAProxy writes a line a request there, as a Pod's log, and its notices."""
    kept = [os.dup(number) for number in (1, 2)]
    with file.open("ab") as log:
        for number in (1, 2):
            os.dup2(log.fileno(), number)
    try:
        yield
    finally:
        for number, before in zip((1, 2), kept, strict=True):
            os.dup2(before, number)
            os.close(before)
