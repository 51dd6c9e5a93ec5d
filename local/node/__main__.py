"""`python -m local.node FOLDER/node.json`: one node, until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import sys
from pathlib import Path

import uvloop

from local.node.api import Api
from local.node.node import Node
from local.node.pod_identity import PodIdentityAgent
from local.node.server import KubeletServer
from local.node.settings import NodeSettings


async def run(file: Path) -> None:
    """Runs the node configured in `file`; on SIGTERM the processes of its Pods end, too."""
    settings = NodeSettings.load(file)
    api = Api(settings.kubeconfig)
    node = Node(settings, api)
    servers = KubeletServer(node), PodIdentityAgent(settings.folder, node.address)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    for server in servers:
        await server.start()
    starting = asyncio.create_task(node.start())
    starting.add_done_callback(lambda task: task.cancelled() or task.result())
    await stop.wait()
    starting.cancel()
    for server in servers:
        await server.stop()
    await node.stop()
    await api.close()


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(run(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
