"""`python -m local.certmanager`: the controller of the Pod `cert-manager`."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from pydantic_settings import BaseSettings

from local.certmanager.controller import Controller
from local.node.api import Api
from local.site import Site
from services.kit import logs


class Settings(BaseSettings):
    """Environment of the Pod."""

    kubeconfig: Path
    pod_name: str = ""
    log_level: str = "INFO"


async def run(settings: Settings) -> None:
    api = Api(settings.kubeconfig)
    work = asyncio.create_task(Controller(api, Site.current()).run())
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        logs.get(__name__).info("stopping")
    finally:
        await api.close()


def main() -> None:
    settings = Settings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("cert-manager", settings.pod_name, settings.log_level)
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
