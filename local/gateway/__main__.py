"""`python -m local.gateway`: the controller, in the Pod `gateway`; HAProxy is its child process."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from pathlib import Path

from pydantic_settings import BaseSettings

from contracts.platform import NAMESPACE
from local.gateway.controller import Controller
from local.gateway.haproxy.process import HaproxyFailed
from local.gateway.haproxy.proxy import Proxy
from local.gateway.haproxy.render import ProxySettings
from local.node.api import Api
from services.kit import logs
from services.kit.settings import DEFAULT_ISSUER

_RESERVED_DESCRIPTORS = 500
_MAX_CONNECTIONS = 60_000


class GatewaySettings(BaseSettings):
    """Environment of the Pod. `host` is its address, `run_dir` a folder for temporary files. `publish_service` is the
    Service in front of the gateway's Pods, as namespace/name: a setting of KIC."""

    host: str
    run_dir: Path
    kubeconfig: Path
    namespace: str = NAMESPACE
    publish_service: str
    pod_name: str = ""
    log_level: str = "INFO"
    drain_seconds: float = 5.0


async def serve(settings: GatewaySettings) -> None:
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    proxy = Proxy(settings.run_dir, ProxySettings(settings.host, DEFAULT_ISSUER, _max_connections()))
    published, _, service = settings.publish_service.partition("/")
    api = Api(settings.kubeconfig)
    work = asyncio.create_task(Controller(api, proxy, settings.namespace, (published, service)).run())
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        logs.get(__name__).info("stopping")
    finally:
        await proxy.haproxy.stop(settings.drain_seconds)
        await api.close()


def _max_connections() -> int:
    """A connection takes two file descriptors, one to the client and one to the server."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(_MAX_CONNECTIONS, (hard - _RESERVED_DESCRIPTORS) // 2)


def main() -> None:
    settings = GatewaySettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("gateway", settings.pod_name, settings.log_level)
    os.umask(0o077)
    try:
        asyncio.run(serve(settings))
    except* HaproxyFailed as failures:
        raise SystemExit(f"the gateway exits because HAProxy failed: {failures.exceptions[0]}") from failures


if __name__ == "__main__":
    main()
