"""The PostgreSQL server of one Cluster. It outlives the Pod of its controller, which finds and adopts it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from local.engines.address import Addresses
from local.engines.postgres import Postgres
from local.engines.process import EngineFailed
from local.node.runtime.execution import POD_UID_VARIABLE
from local.site import CHECKOUT, Site

_SECONDS = 90


class Server:
    """The server of Cluster `name` in `namespace`, with data below <home>/engines/<region>/cloudnativepg."""

    def __init__(self, site: Site, region: str, namespace: str, name: str) -> None:
        self.folder = folder(site, region) / f"{namespace}.{name}"
        self._addresses = Addresses(site, region)
        self._key = f"cloudnativepg/{namespace}/{name}"
        self._uid = self.folder / "uid"

    @property
    def host(self) -> str:
        return self._addresses.of(self._key)

    def engine(self) -> Postgres:
        return Postgres(self.folder, self.host)

    def belongs_to(self, uid: str) -> bool:
        """Whether the data is that of the Cluster with this uid, or there is none."""
        return not self._uid.exists() or self._uid.read_text() == uid

    def ensure(self, uid: str, parameters: dict[str, str]) -> None:
        """Runs the server and waits until it answers; raises EngineFailed.

        It is started by a process that ends at once and does not bear the Pod's mark: a server that were a descendant
        of the controller would be ended together with its Pod.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._uid.write_text(uid)
        unmarked = {name: value for name, value in os.environ.items() if name != POD_UID_VARIABLE}
        argv = [sys.executable, "-m", "local.cloudnativepg.launch", str(self.folder), self.host, json.dumps(parameters)]
        done = subprocess.run(
            argv, cwd=CHECKOUT, env=unmarked, capture_output=True, text=True, check=False, timeout=_SECONDS,
            start_new_session=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise EngineFailed(done.stderr.strip()[-800:])

    def delete(self) -> None:
        """Ends the server, deletes its data and gives its address back."""
        self.engine().delete()
        self._addresses.release(self._key)


def folder(site: Site, region: str) -> Path:
    """Where all servers of a region's cluster have their data."""
    return site.home / "engines" / region / "cloudnativepg"


def delete_all(site: Site, region: str) -> None:
    """Ends and deletes every server of a region: the cluster that declared them is gone, and its volumes with it."""
    for found in folder(site, region).glob("*.*"):
        namespace, _, name = found.name.partition(".")
        Server(site, region, namespace, name).delete()
