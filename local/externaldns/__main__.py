"""`python -m local.externaldns`: the controller of the Pod `external-dns`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

import boto3
from botocore.config import Config
from pydantic_settings import BaseSettings

from local.externaldns.controller import Controller, Scope
from local.node.api import Api
from local.site import Site
from services.kit import logs


class Settings(BaseSettings):
    """Environment of the Pod. boto3 finds the credentials of its ServiceAccount's role there."""

    kubeconfig: Path
    pod_name: str = ""
    log_level: str = "INFO"


async def run(settings: Settings, scope: Scope) -> None:
    api = Api(settings.kubeconfig)
    config = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=30)
    route53 = boto3.client("route53", endpoint_url=Site.current().endpoint_url, config=config)
    work = asyncio.create_task(Controller(api, route53, scope).run())
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        logs.get(__name__).info("stopping")
    finally:
        await api.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--domain-filter", required=True, help="domains, separated by commas")
    parser.add_argument("--txt-owner-id", required=True)
    given = parser.parse_args()
    scope = Scope(tuple(given.domain_filter.split(",")), given.txt_owner_id)
    settings = Settings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("external-dns", settings.pod_name, settings.log_level)
    asyncio.run(run(settings, scope))


if __name__ == "__main__":
    main()
