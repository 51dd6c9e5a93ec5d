"""`python -m local.node.addons`: the add-ons of one cluster, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import signal
from pathlib import Path

import uvloop

from local.node.addons.load_balancers import LoadBalancers
from local.node.addons.metrics.server import MetricsServer
from local.node.addons.network_policy.enforcer import Enforcer
from local.node.addons.proxy import ServiceProxy
from local.node.addons.storage.provisioner import Provisioner
from local.node.api import Api


async def run(kubeconfig: Path, folder: Path, volumes: Path) -> None:
    """Runs all add-ons; if one fails, the process exits and is restarted by its parent."""
    api = Api(kubeconfig)
    proxy = ServiceProxy(api, folder)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    addons = (
        *(proxy, LoadBalancers(api), Provisioner(api, folder, volumes)),
        *(MetricsServer(api, folder), Enforcer(api, folder)),
    )
    tasks = [asyncio.create_task(addon.run()) for addon in addons]
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await api.close()
    for task in done - {stopped}:
        task.result()
    proxy.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("kubeconfig", "folder", "volumes"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(run(arguments.kubeconfig, arguments.folder, arguments.volumes))


if __name__ == "__main__":
    main()
