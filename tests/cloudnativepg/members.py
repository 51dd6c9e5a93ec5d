"""The servers of two Clusters that are one database, and the program that gives them their object store."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import psycopg
from aiohttp import web
from moto.server import ThreadedMotoServer

from local.cloudnativepg.base_backups import BaseBackups
from local.cloudnativepg.object_store.application import create
from local.cloudnativepg.object_store.bucket import Bucket
from local.cloudnativepg.server import Access, Server
from local.cloudnativepg.topology import Role, Standing
from local.cloudnativepg.transitions import Transitions, Unsettled
from local.site import Site
from tests.cloudnativepg.test_topology import member
from tests.fixtures.engines import SITE_INDEX, ScratchEnvironment
from tests.fixtures.waiting import until

REGION = "us-west-2"


@contextmanager
def object_store(address: str) -> Iterator[Access]:
    """The program of an instance's Pod, on S3."""
    aws = ThreadedMotoServer(ip_address=address, port=4577, verbose=False)
    aws.start()
    s3: Any = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"http://{address}:4577",
        aws_access_key_id="k",
        aws_secret_access_key="k",
    )
    s3.create_bucket(Bucket="backups")
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(create(Bucket(s3, "backups", "timeseries"), "token"))

    async def serve() -> None:
        await runner.setup()
        await web.TCPSite(runner, address, 4578).start()

    loop.run_until_complete(serve())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield Access(f"http://{address}:4578", "token")
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    aws.stop()


@dataclass
class Members:
    """`west` and `east`; what the controller does with a Cluster, `reconcile` does once."""

    site: Site
    access: Access
    transitions: Transitions = field(default_factory=Transitions)

    def server(self, name: str) -> Server:
        return Server(self.site, REGION, "aura", name)

    def delete(self) -> None:
        for name in ("west", "east"):
            self.server(name).delete()

    def reconcile(self, name: str, primary: str, token: str = "") -> Unsettled | None:
        other = "east" if name == "west" else "west"
        replica: dict[str, object] = {"self": name, "source": other, "primary": primary}
        cluster, server = member(replica | ({"promotionToken": token} if token else {}), name), self.server(name)
        assert not cluster.unsupported()
        server.claim(name)
        server.use_store(self.access, name, {})
        unsettled = self.transitions.settle(cluster, server, self.access)
        if (unsettled is None or unsettled.runs) and server.engine().process.pid() is None:
            server.ensure(name, {})
        return unsettled

    def settle(self, name: str, primary: str, token: str = "") -> None:
        """Until it is what it shall be, and answers as such."""

        def settled() -> bool:
            unsettled = self.reconcile(name, primary, token)
            return unsettled is None and self.server(name).engine().in_recovery() is (name != primary)

        until(f"{name} with the primary {primary}", settled, 120)

    def seed(self, name: str, source: str) -> None:
        """A replica from a base backup of `source`."""
        server, engine = self.server(name), self.server(source).engine()
        server.claim(name)
        BaseBackups(self.access.url, self.access.token, source).take(engine, datetime.now(UTC))
        backups = BaseBackups(self.access.url, self.access.token, source)
        backups.fetch(backups.complete()[-1], server.base)
        server.stand(Standing(Role.REPLICA, source))

    def write(self, name: str, *numbers: int) -> None:
        for number in numbers:
            self.server(name).engine().query("INSERT INTO public.beat VALUES (%s) RETURNING n", [number])

    def archive(self, name: str) -> None:
        self.server(name).engine().query("SELECT pg_switch_wal()")

    def has(self, name: str, rows: list[int]) -> None:
        """Waits until a server has these rows."""
        until(f"{rows} in the {name}", lambda: self.rows(name) == rows, 120)

    def rows(self, name: str) -> list[Any]:
        try:
            return [row[0] for row in self.server(name).engine().query("SELECT n FROM public.beat ORDER BY n")]
        except psycopg.Error:
            return []


@contextmanager
def members(scratch: ScratchEnvironment) -> Iterator[Members]:
    """The west, with the table `beat`."""
    site = Site(scratch.folder / "members", SITE_INDEX)
    _, _, high, low = map(int, scratch.addresses[0].split("."))
    first = 2048 + 2048 + (high << 8 | low) // 8 % 128 * 16  # beside those of tests/cloudnativepg/conftest.py
    registry = site.home / "addresses" / f"{REGION}.json"
    registry.parent.mkdir(parents=True, exist_ok=True)
    registry.write_text(json.dumps({"last": first - 1, "numbers": {}}))
    with object_store(scratch.addresses[6]) as access:
        found = Members(site, access)
        try:
            found.settle("west", "west")
            found.server("west").engine().query("SELECT 1; CREATE TABLE public.beat (n int); SELECT 1")
            yield found
        finally:
            found.delete()
