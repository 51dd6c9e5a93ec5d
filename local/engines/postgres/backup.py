"""Base backups of running servers, and the archive of their write-ahead log (WAL)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from local.engines.postgres.cluster import run
from local.engines.postgres.roles import REPLICATOR, SUPERUSER
from local.engines.runtime.files import write

PASSWORD_FILE = "superuser"
"""Beside the data of a server or a backup: the password of the provider's role in it."""
STANDBY = "standby.signal"
"""In the data: the server is a standby."""


@dataclass(frozen=True)
class Source:
    """A running server as another one connects to it.

    `password` is that of the provider's role, `replication` that of the role of standbys. `root` is the authority
    whose certificate the server must present; None for a server without TLS.
    """

    address: str
    port: int
    password: str
    replication: str
    root: Path | None

    def conninfo(self, user: str = SUPERUSER) -> str:
        """Connection string of libpq, without the password."""
        tls = {"sslmode": "verify-full", "sslrootcert": str(self.root)} if self.root else {"sslmode": "disable"}
        to = {"host": self.address, "port": self.port, "user": user, "dbname": "postgres", "connect_timeout": 5}
        return make_conninfo(**to, **tls)


def base_backup(source: Source, data: Path) -> None:
    """Copies the data of a running server to the new folder `data`, with the WAL that makes it consistent.

    A server started on it has every transaction that was committed when this began, and those up to some moment
    before it ended. Made under another name and then renamed.
    """
    _copy(source, data, SUPERUSER, source.password).rename(data)


def standby_backup(source: Source, data: Path, slot: str) -> None:
    """A base backup that a server starts on as a standby, and never as anything else. `slot` keeps the later WAL."""
    unfinished = _copy(source, data, REPLICATOR, source.replication, "-S", slot)
    (unfinished / STANDBY).touch(mode=0o600)  # before the rename: without it the copy would take writes
    unfinished.rename(data)


def _copy(source: Source, data: Path, user: str, password: str, *options: str) -> Path:
    """The folder of the copy, which is not `data` yet."""
    unfinished = data.with_name(f"{data.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    data.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_password(data.parent, source.password)
    how = ["-X", "stream", "-c", "fast", "--no-sync", "--no-manifest", *options]
    run(["pg_basebackup", "-D", str(unfinished), "-d", source.conninfo(user), *how], {"PGPASSWORD": password})
    return unfinished


def write_password(folder: Path, password: str) -> None:
    write(folder / PASSWORD_FILE, password.encode(), 0o600)


def archive_command(archive: Path) -> str:
    """Copies a finished segment to a folder, compressed, and renames it: a copy is whole or absent.

    It keeps the time of the segment, when that was last written.
    """
    made, new = f'mkdir -p "{archive}"', f'"{archive}/%f.new"'
    return f'{made} && gzip -1 < "%p" > {new} && touch -r "%p" {new} && mv -f {new} "{archive}/%f.gz"'


def restore_command(archive: Path, live: Path | None = None) -> str:
    """Fetches a segment from the archive, or from `live`, the WAL folder of the server that writes it.

    So what was committed just now can be restored too: there is no wait for the next archived segment. The archive
    is asked again because a segment may move there between the first two questions.
    """
    archived = f'test -f "{archive}/%f.gz" && gzip -dc "{archive}/%f.gz" > "%p"'
    if live is None:
        return archived
    return f'({archived}) || cp "{live}/%f" "%p" 2>/dev/null || ({archived})'


def forget_unneeded(archive: Path, backups: list[Path]) -> None:
    """Deletes the archived WAL that none of these base backups needs, and all of it when there is none."""
    for segment in set(archive.glob("*.gz")) - set(needed(archive, backups)):
        segment.unlink()


def needed(archive: Path, backups: list[Path]) -> list[Path]:
    """The archived WAL that some of these base backups need, in the order of the log."""
    archived = sorted(archive.glob("*.gz"))
    gone = set(unneeded([one.name for one in archived], [first_segment(backup / "data") for backup in backups]))
    return [segment for segment in archived if segment.name not in gone]


def unneeded(archived: Sequence[str], first: Sequence[str]) -> list[str]:
    """Names of the files of an archive that no base backup needs of those which start at the segments `first`."""
    needed = min((segment[8:] for segment in first), default=None)  # after the timeline
    positions = {name: name.partition(".")[0][8:] for name in archived}
    return [
        name
        for name, position in positions.items()
        if needed is None or (len(position) == len(needed) and position < needed)
    ]


def first_segment(data: Path) -> str:
    """Name of the WAL segment at which the recovery of a base backup starts."""
    label = (data / "backup_label").read_text()
    return label.split("(file ", 1)[1].split(")", 1)[0]
