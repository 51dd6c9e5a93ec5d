"""The gateway in front of ingest: HAProxy configured by local/gateway from the operator's route of ingest.

A connection uses two of a process's 20,000 open files, which determines the number of HAProxy processes.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import yaml

from bench.sockets.system.deployment import INGEST_PORT, Deployment
from contracts.auraservice import AuraServiceSpec
from contracts.gateway import CONTROLLER_NAME, GATEWAY_CLASS, TLS_PORT_NAME, UNMANAGED_ANNOTATION
from contracts.platform import NAMESPACE
from local.engines.runtime.scratch import SITE_INDEX, ScratchEnvironment
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

CONNECTIONS = 9_000
"""Maximum for one HAProxy process."""
_PROXY_SERVICE = (NAMESPACE, "kong-gateway-proxy")
_MANIFESTS = CHECKOUT / "manifests" / "base"


class Gateways:
    """Enough gateways for the users of each load generator; `endpoints` are their addresses."""

    def __init__(self, scratch: ScratchEnvironment, deployment: Deployment, users: int, generators: int) -> None:
        site = Site(scratch.folder / "home", SITE_INDEX)
        certificate = issue(site, ["*.aurawellness.com"])
        self.ca_file = str(ensure_ca(site))
        cache = _cache(deployment, certificate)
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name="gateways", daemon=True).start()
        self._proxies: list[Proxy] = []
        for i in range(generators * -(-users // (generators * CONNECTIONS))):
            folder = scratch.folder / f"gateway{i}"
            folder.mkdir()
            proxy = Proxy(folder, ProxySettings(scratch.addresses[i], DEFAULT_ISSUER, CONNECTIONS + 500))
            with _output_to(folder / "access.log"):
                self._run(_serve(proxy, cache))
            self._proxies.append(proxy)
        port = compile_objects(cache, _PROXY_SERVICE).plan.frontends[0].port
        self.endpoints = [(proxy.settings.address, port) for proxy in self._proxies]

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


def _cache(deployment: Deployment, certificate: IssuedCertificate) -> ObjectCache:
    """What the cluster would hold: the manifests of Gateway and ingest, what the operator makes of the latter and of
    the signing key, Pods."""
    owner = Owner("AuraService", NAMESPACE, "ingest", "bench")
    spec = AuraServiceSpec.model_validate(_manifest("ingest.yaml")["spec"])
    declared = operator.routes(owner, spec, Dependencies()) + _credentials(deployment)
    tls = {"tls.crt": certificate.certificate, "tls.key": certificate.key}
    gateway = Gateway.model_validate(_placed(_manifest("gateway.yaml")))
    service = {"selector": owner.selector, "ports": [{"name": "http", "port": spec.ports["http"]}]}
    (listener,) = gateway.spec.listeners
    proxy = {"ports": [{"name": TLS_PORT_NAME, "port": listener.port}]}
    about = {"name": GATEWAY_CLASS, "annotations": {UNMANAGED_ANNOTATION: "true"}}
    made = ObjectCache()
    for kind, shelf, items in (
        (
            GatewayClass,
            made.classes,
            [{"metadata": about, "spec": {"controllerName": CONTROLLER_NAME}}],
        ),
        (HTTPRoute, made.routes, [item for item in declared if item["kind"] == "HTTPRoute"]),
        (KongPlugin, made.plugins, [item for item in declared if item["kind"] == "KongPlugin"]),
        (KongConsumer, made.consumers, [item for item in declared if item["kind"] == "KongConsumer"]),
        (
            Service,
            made.services,
            [
                _placed({"metadata": {"name": "ingest", "annotations": operator.timeouts(spec)}, "spec": service}),
                _placed({"metadata": {"name": _PROXY_SERVICE[1]}, "spec": proxy}),
            ],
        ),
        (Pod, made.pods, [_pod(i, program.address[0]) for i, program in enumerate(deployment.ingest)]),
        (
            Secret,
            made.secrets,
            [
                _placed({"metadata": {"name": "gateway-tls"}, "data": _encoded(tls)}),
                *(item for item in declared if item["kind"] == "Secret"),
            ],
        ),
    ):
        for item in items:
            read = kind.model_validate(item)
            shelf[read.key] = read  # pyright: ignore[reportArgumentType]  each kind on its own shelf
    made.gateways[gateway.key] = gateway
    return made


def _credentials(deployment: Deployment) -> list[dict[str, Any]]:
    """Of the key that signs the users' tokens."""
    spec = AuraServiceSpec.model_validate(_manifest("auth.yaml")["spec"])
    secrets = {spec.token_keys[0]: deployment.key.as_pem(private=True).decode()}
    return token_keys.credentials(Owner("AuraService", NAMESPACE, "auth", "bench"), spec, secrets)


def _pod(number: int, address: str) -> dict[str, Any]:
    ports = [{"name": "http", "containerPort": INGEST_PORT}]
    return _placed(
        {
            "metadata": {"name": f"ingest-{number}", "labels": {NAME: "ingest"}},
            "spec": {"containers": [{"ports": ports}]},
            "status": {"podIP": address, "conditions": [{"type": "Ready", "status": "True"}]},
        }
    )


def _manifest(file: str) -> dict[str, Any]:
    return yaml.safe_load((_MANIFESTS / file).read_text())


def _placed(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "metadata": {**item["metadata"], "namespace": NAMESPACE}}


def _encoded(data: dict[str, str]) -> dict[str, str]:
    return {name: base64.b64encode(text.encode()).decode() for name, text in data.items()}


@contextmanager
def _output_to(file: Path) -> Iterator[None]:
    """Standard output of programs started meanwhile: HAProxy writes a line a request there, as a Pod's log."""
    kept = os.dup(1)
    with file.open("ab") as log:
        os.dup2(log.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
