"""`python -m local.cloudnativepg`: the controller of the Pod `cloudnativepg`."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from pydantic_settings import BaseSettings

from contracts.platform import NAMESPACE
from local.cloudnativepg.controller import Controller
from local.node.api import Api
from local.site import Site
from services.kit import logs


class Settings(BaseSettings):
    """Environment of the Pod."""

    kubeconfig: Path
    aws_region: str
    namespace: str = NAMESPACE
    pod_name: str = ""
    log_level: str = "INFO"


async def run(settings: Settings) -> None:
    api = Api(settings.kubeconfig)
    work = asyncio.create_task(Controller(api, Site.current(), settings.aws_region, settings.namespace).run())
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        logs.get(__name__).info("stopping", servers="keep running")
    finally:
        await api.close()


def main() -> None:
    settings = Settings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("cloudnativepg", settings.pod_name, settings.log_level)
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
