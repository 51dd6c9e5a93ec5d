"""What serves a region's clients is stopped and goes on, with its children; what others run is left alone."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.engines.runtime.process import Process
from local.loss import edge
from local.loss.file import processes
from local.site import Site
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
WEST, EAST = "us-west-2", "us-east-1"
_SERVER = """
import subprocess, sys, socket
if sys.argv[1:] == ["local.gateway"]:
    subprocess.run([sys.executable, "-c", open("server.py").read(), "child"])
server = socket.create_server(("127.0.0.1", 0))
open("port", "w").write(str(server.getsockname()[1]))
while True:
    server.accept()[0].sendall(b"x")
"""


def gateway(site: Site, region: str) -> Process:
    folder = processes(site, region) / "node" / "pods" / "gateway"
    folder.mkdir(parents=True)
    (folder / "server.py").write_text(_SERVER)
    process = Process(folder, "gateway")
    process.start([sys.executable, "-c", _SERVER, "local.gateway"], cwd=folder)
    until("the gateway to listen", lambda: (folder / "port").exists() and (folder / "port").read_text())
    return process


def answers(process: Process) -> bool:
    with socket.create_connection(("127.0.0.1", int((process.folder / "port").read_text())), timeout=5) as client:
        client.settimeout(0.3)
        try:
            return client.recv(1) == b"x"
        except TimeoutError:
            return False


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[tuple[Site, Process, Process]]:
    site = Site(tmp_path)
    west, east = gateway(site, WEST), gateway(site, EAST)
    yield site, west, east
    for process in (west, east):
        process.kill()


def test_clients_of_a_region_that_is_cut_off_hear_nothing_until_it_is_restored(
    gateways: tuple[Site, Process, Process],
) -> None:
    site, west, east = gateways
    assert answers(west)
    edge.freeze(site, WEST)
    edge.freeze(site, WEST)
    family = [psutil.Process(west.pid()), *psutil.Process(west.pid()).children()]
    assert len(family) == 2
    until("all of it to be stopped", lambda: {one.status() for one in family} == {psutil.STATUS_STOPPED})
    assert not answers(west)
    assert answers(east)
    edge.thaw(site, EAST)
    assert not answers(west)
    edge.thaw(site, WEST)
    until("it to answer", lambda: answers(west))


def test_a_stopped_gateway_can_be_killed(gateways: tuple[Site, Process, Process]) -> None:
    site, west, _ = gateways
    edge.freeze(site, WEST)
    west.kill()
    assert west.pid() is None
