"""Base backups in the object store, by the Pod of the instance: taken, listed, fetched and expired."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, Any

from local.cloudnativepg.wal import key_of
from local.engines.postgres import Postgres, first_segment, segment_of, unneeded

_DATA, _INFO = "data.tar.gz", "backup.json"
_SECONDS = 120
_WHERE = """SELECT clock_timestamp(), CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_lsn() END::text"""


class StoreFailed(Exception):
    """The Pod or the object store did not do what was asked."""


class NotThere(StoreFailed):
    """There is no such object."""


@dataclass(frozen=True)
class BaseBackup:
    """What is kept beside the data; times are ISO 8601, positions are PostgreSQL's."""

    id: str
    started: str
    stopped: str
    begin_wal: str
    end_wal: str
    begin_lsn: str
    end_lsn: str

    @property
    def completed(self) -> datetime:
        return datetime.fromisoformat(self.stopped)


class BaseBackups:
    """Those of one server. `url` and `token` are of a Pod that may use the store. Every method raises StoreFailed."""

    def __init__(self, url: str, token: str, server: str) -> None:
        self._url, self._token, self.server = url, token, server

    def complete(self) -> list[BaseBackup]:
        """The oldest first."""
        names = [key for key in self._keys(f"{self.server}/base/") if key.endswith(f"/{_INFO}")]
        found = [BaseBackup(**json.loads(self._ask("GET", name).read())) for name in names]
        return sorted(found, key=lambda backup: backup.completed)

    def take(self, engine: Postgres, now: datetime) -> BaseBackup:
        """Of a running server."""
        with tempfile.TemporaryDirectory(prefix="backup-", dir=engine.folder) as folder:
            _, begin = engine.query(_WHERE)[0]
            engine.back_up(Path(folder))
            stopped, end = engine.query(_WHERE)[0]
            end_wal = segment_of(engine.control().timeline, end)
            first = first_segment(Path(folder) / "data")
            backup = BaseBackup(
                f"{now:%Y%m%dT%H%M%S}", now.isoformat(), stopped.isoformat(), first, end_wal, begin, end
            )
            file = Path(folder) / _DATA
            with tarfile.open(file, "w:gz", compresslevel=1) as archive:
                for part in ("data", "superuser"):
                    archive.add(Path(folder) / part, part)
            with file.open("rb") as body:
                self._ask("PUT", self._key(backup.id, _DATA), body, file.stat().st_size)
        self._ask("PUT", self._key(backup.id, _INFO), json.dumps(asdict(backup)).encode())
        return backup

    def fetch(self, backup: BaseBackup, folder: Path) -> None:
        """Into the new `folder`; made under another name and then renamed."""
        unfinished = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        try:
            with (
                self._ask("GET", self._key(backup.id, _DATA)) as body,
                tarfile.open(fileobj=body, mode="r|gz") as archive,
            ):
                archive.extractall(unfinished)  # Debian 12's Python has no filter yet; the bucket is this server's own
        except (tarfile.TarError, EOFError, OSError, HTTPException) as error:
            raise StoreFailed(f"backup {backup.id} of {self.server} was not fetched: {error}") from error
        unfinished.rename(folder)

    def history(self, timeline: int) -> str:
        """What the archive says of where a timeline comes from; "" when it has none of that number."""
        try:
            return gzip.decompress(self._ask("GET", key_of(self.server, f"{timeline:08X}.history")).read()).decode()
        except NotThere:
            return ""
        except (OSError, EOFError, HTTPException) as error:
            raise StoreFailed(f"the history of timeline {timeline} was not fetched: {error}") from error

    def expire(self, keep: timedelta, now: datetime) -> list[str]:
        """Deletes what no moment of the last `keep` needs, backups and WAL; the ids of the backups that stay."""
        backups = self.complete()
        gone = expired(backups, keep, now)
        for backup in gone:
            for part in (_INFO, _DATA):  # without the first one it is no backup
                self._ask("DELETE", self._key(backup.id, part))
        stay = [backup for backup in backups if backup not in gone]
        segments = {key.rpartition("/")[2]: key for key in self._keys(f"{self.server}/wals/")}
        for name in unneeded(list(segments), [backup.begin_wal for backup in stay]) if stay else []:
            self._ask("DELETE", segments[name])
        return [backup.id for backup in stay]

    def _key(self, backup: str, part: str) -> str:
        return f"{self.server}/base/{backup}/{part}"

    def _keys(self, prefix: str) -> list[str]:
        return json.loads(self._ask("GET", f"?prefix={prefix}").read())

    def _ask(
        self, method: str, key: str, body: bytes | IO[bytes] | None = None, size: int | None = None
    ) -> HTTPResponse | Any:
        headers = {"Authorization": f"Bearer {self._token}"} | ({"Content-Length": str(size)} if size else {})
        request = urllib.request.Request(f"{self._url}/{key}", body, headers, method=method)
        try:
            return urllib.request.urlopen(request, timeout=_SECONDS)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace") or str(error)
            raise (NotThere(said) if error.code == 404 else StoreFailed(said)) from error
        except (OSError, HTTPException) as error:
            raise StoreFailed(f"the Pod of the instance does not answer: {error}") from error


def newest(backups: Sequence[BaseBackup], until: datetime | None) -> BaseBackup | None:
    """The backup to begin with to restore this moment: the newest that was complete before it."""
    suitable = [backup for backup in backups if until is None or backup.completed <= until]
    return max(suitable, key=lambda backup: backup.completed, default=None)


def expired(backups: Sequence[BaseBackup], keep: timedelta, now: datetime) -> list[BaseBackup]:
    """All that were complete before the window began, but for the newest of them, from which it is restored."""
    beyond = sorted((one for one in backups if one.completed <= now - keep), key=lambda backup: backup.completed)
    return beyond[:-1]
