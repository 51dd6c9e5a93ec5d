"""The PostgreSQL server of one Cluster. It outlives the Pod of the controller; a new controller finds it again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from local.cloudnativepg import standing, wal
from local.cloudnativepg.status import Archiving
from local.cloudnativepg.topology import Role, Standing
from local.engines.certificates import Authority
from local.engines.postgres import Following, Postgres, Restored, Tls
from local.engines.runtime.addresses import AddressRegistry
from local.engines.runtime.files import write
from local.engines.runtime.process import EngineFailed
from local.node.runtime.execution import POD_UID_VARIABLE
from local.site import CHECKOUT, Site

_TIMEOUT_SECONDS = 90
_PROGRAM = (sys.executable, "-I", "-S", wal.__file__)


@dataclass(frozen=True)
class Access:
    """How to ask the Pod that may use the object store; without `url`, what the `trouble` is."""

    url: str = ""
    token: str = ""
    trouble: str = ""


class Server:
    """The server of Cluster `name` in `namespace`, with data below <home>/engines/<region>/cloudnativepg."""

    def __init__(self, site: Site, region: str, namespace: str, name: str) -> None:
        self.folder = folder(site, region) / f"{namespace}.{name}"
        self._addresses = AddressRegistry(site, region)
        self._key = f"cloudnativepg/{namespace}/{name}"
        self._uid = self.folder / "uid"

    @property
    def host(self) -> str:
        return self._addresses.of(self._key)

    def engine(self) -> Postgres:
        return engine(self.folder, self.host)

    @property
    def authority(self) -> Authority:
        return authority(self.folder)

    def exists(self) -> bool:
        """Whether it has been started before, and so has its storage."""
        return self._uid.exists()

    def belongs_to(self, uid: str) -> bool:
        """Whether the data belongs to the Cluster with this uid, or does not exist."""
        return not self._uid.exists() or self._uid.read_text() == uid

    def claim(self, uid: str) -> None:
        """Makes the folder that of the Cluster with this uid."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._uid.write_text(uid)

    def ensure(self, uid: str, parameters: dict[str, str]) -> None:
        """Starts the server and waits until it is ready; raises EngineFailed.

        An intermediate process without the Pod's marker variable starts it and exits: a descendant of the controller
        would be ended together with the Pod.
        """
        self.claim(uid)
        unmarked = {name: value for name, value in os.environ.items() if name != POD_UID_VARIABLE}
        argv = [sys.executable, "-m", "local.cloudnativepg.launch", str(self.folder), self.host, json.dumps(parameters)]
        done = subprocess.run(
            argv, cwd=CHECKOUT, env=unmarked, capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS,
            start_new_session=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise EngineFailed(done.stderr.strip()[-800:])

    def certify(self, parameters: dict[str, str]) -> None:
        """Lets a server have TLS that was started before it had a certificate."""
        certify(self.folder, self.host)
        server = engine(self.folder, self.host, parameters)
        if server.query("SHOW ssl") == [("off",)]:
            server.configure()

    @property
    def base(self) -> Path:
        """Folder for the base backup that its data come from."""
        return self.folder / "base"

    @property
    def standing(self) -> Standing:
        return standing.load(self.folder)

    def stand(self, as_: Standing) -> None:
        """From its next start on; a running server keeps its role."""
        standing.store(self.folder, as_)

    def recovered(self) -> None:
        """Its data are its own from now on, and if it was recovered it is a primary."""
        if self.standing.role is Role.RECOVERING:
            self.stand(Standing())
        shutil.rmtree(self.base, ignore_errors=True)

    def shut_down(self) -> None:
        """Ends it with a checkpoint as the last of its WAL, also if it was killed. Raises EngineFailed."""
        self.engine().stop()
        if not self.engine().control().shut_down:
            self.engine().end_cleanly()

    def archive_rest(self) -> None:
        """Archives what a server that was shut down has left, its last segment as a partial one."""
        data, last = self.engine().data / "pg_wal", self.engine().control().segment
        waiting = sorted(file.stem for file in (data / "archive_status").glob("*.ready"))
        for name, as_ in [*((name, name) for name in waiting), (last, f"{last}{wal.PARTIAL}")]:
            argv = [*_PROGRAM, "archive", str(self.folder), str(data / name), as_]
            done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS)
            if done.returncode != 0:
                raise EngineFailed(done.stderr.strip()[-800:])

    def reconfigure(self, parameters: dict[str, str]) -> None:
        """Gives the running server the configuration of how it stands."""
        engine(self.folder, self.host, parameters).configure()

    def archives_already(self) -> None:
        """Lets it archive beside the WAL of an earlier server of its name."""
        (self.folder / wal.BEGUN).touch()

    def use_store(self, access: Access, archive: str, parameters: dict[str, str]) -> None:
        """Archives its WAL as `archive` ("" for not at all), and restores, by the Pod of the instance.

        While that is not possible the WAL is kept, and the server's condition says why.
        """
        file, settings = self.folder / wal.STORE, {**asdict(access), "archive": archive}
        before = json.loads(file.read_text()) if file.exists() else {"archive": ""}
        if before == settings or not (archive or access.url or file.exists()):
            return
        write(file, json.dumps(settings).encode(), 0o600)
        if bool(before["archive"]) != bool(archive) and self.engine().process.pid() is not None:
            engine(self.folder, self.host, parameters).configure()

    def archiving(self) -> Archiving:
        """Of the running server. The failure of the last segment is one until a later attempt succeeds."""
        row = self.engine().query("SELECT archived_count, failed_count FROM pg_stat_archiver")[0]
        file = self.folder / wal.ERROR
        error = file.read_text() if file.exists() else ""
        return Archiving(row[0] > 0, bool(error), error)

    def delete(self) -> None:
        """Stops the server, deletes its data and releases its address."""
        self.engine().delete()
        self._addresses.release(self._key)


def engine(folder: Path, host: str, parameters: dict[str, str] | None = None) -> Postgres:
    """The server with data in `folder`: it serves clients with and without TLS, as CloudNativePG's do."""
    own = authority(folder)
    tls = Tls(own.folder / f"{host}.crt", own.folder / f"{host}.key", own.certificate, required=False)
    store, stands = folder / wal.STORE, standing.load(folder)
    program, origin = '"{}" {} {} "{}"'.format(*_PROGRAM), None
    archived = store.exists() and json.loads(store.read_text())["archive"]
    command = f'{program} restore "{folder}" "%f" "%p"'
    if stands.role is Role.RECOVERING:
        origin = Restored(folder / "base", command, stands.target)
    elif stands.follows:
        origin = Following(folder / "base", command, stands.role is Role.PROMOTING)
    archive = f'{program} archive "{folder}" "%p" "%f"' if archived else None
    return Postgres(folder, host, settings=parameters, tls=tls, origin=origin, archive_command=archive)


def certify(folder: Path, host: str) -> None:
    """Makes the authority and the server's certificate, unless they exist."""
    authority(folder).ensure().pair(host, host, hosts=(host,))


def authority(folder: Path) -> Authority:
    """Of one Cluster; clients get its certificate."""
    return Authority(folder / "authority", folder.name)


def folder(site: Site, region: str) -> Path:
    """Data folder of all servers of a region's cluster."""
    return site.home / "engines" / region / "cloudnativepg"


def delete_all(site: Site, region: str) -> None:
    """Deletes every server of a region, after the Kubernetes cluster that declared them has been deleted."""
    for found in folder(site, region).glob("*.*"):
        namespace, _, name = found.name.partition(".")
        Server(site, region, namespace, name).delete()
