"""Copies base backups and archived WAL of an instance into another region."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.cloud.svc.rds import schedule
from local.cloud.svc.rds.backing.fleet import Fleet
from local.cloud.svc.rds.model import Instance
from local.cloud.svc.rds.replicated_backups import ReplicatedBackups
from local.engines.postgres import forget_unneeded, needed

_LOOK_SECONDS = 2.0
_looked_at: dict[str, float] = {}
"""When the source of each was last looked at, by ARN, on the monotonic clock."""
_MARGIN = timedelta(seconds=1)
"""The time of a commit is taken a moment before it stands in the WAL."""
_SEGMENT = 24
"""Characters of a segment's name; others are histories."""


class BackupsCopying:
    """It has no process. What an interrupted pass did not finish, the next one does."""

    def __init__(self, fleet: Fleet, copies: ReplicatedBackups) -> None:
        self.fleet, self.context, self.copies = fleet, fleet.context, copies
        self.state = fleet.state(copies.region)
        self.key = copies.arn
        self._bases, self._wal = fleet.copies(copies.region, copies.identifier)

    @property
    def status(self) -> str:
        return "available"

    def running(self) -> bool:
        return True

    def stop(self) -> None:
        """Nothing runs."""

    def reconcile(self) -> None:
        now = datetime.now(UTC)
        if self.copies.status == "deleting" or self.copies.over(now):
            self._delete()
        elif self.copies.copying and time.monotonic() - _looked_at.get(self.key, -_LOOK_SECONDS) >= _LOOK_SECONDS:
            with self.context.lock:
                source = self.fleet.instance(self.copies.instance_resource_id)
            if source is None:
                self._retain(now)
                return
            self._copy_bases(source)
            self._copy_wal(source)
            self._expire(now)
            _looked_at[self.key] = time.monotonic()

    def _copy_bases(self, source: Instance) -> None:
        with self.context.lock:
            taken = self.fleet.state(source.region).snapshots_of(source.resource_id, "automated")
            complete = {s.resource_id: (self.fleet.folder(s), s.completed) for s in taken if s.status == "available"}
        for name, (folder, completed) in complete.items():
            if name in self.copies.bases or completed is None:
                continue
            draft = self._bases / f"{name}.new"
            for remains in (draft, self._bases / name):
                shutil.rmtree(remains, ignore_errors=True)
            shutil.copytree(folder, draft, symlinks=True)
            draft.rename(self._bases / name)
            with self.context.mutation():
                self.copies.bases[name] = completed
                if self.copies.status == "pending":
                    self.copies.status = "replicating"

    def _copy_wal(self, source: Instance) -> None:
        """In the order of the log, so that what is here has no holes."""
        self._wal.mkdir(parents=True, exist_ok=True, mode=0o700)
        bases = [self._bases / name for name in self.copies.bases]
        for segment in needed(self.fleet.archive(source), bases):
            if not (self._wal / segment.name).exists():
                _copy(segment, self._wal / segment.name)
        written = [segment.stat().st_mtime for segment in self._wal.glob("*.gz") if len(segment.stem) == _SEGMENT]
        if written:
            reached = datetime.fromtimestamp(max(written), UTC) - _MARGIN
            if reached != self.copies.reached:
                with self.context.mutation():
                    self.copies.reached = reached

    def _expire(self, now: datetime) -> None:
        by_time = {done: name for name, done in self.copies.bases.items()}
        gone = [by_time[moment] for moment in schedule.expired(list(by_time), self.copies.days, now)]
        if not gone or self._in_use():
            return
        with self.context.mutation():
            for name in gone:
                del self.copies.bases[name]
        for name in gone:
            shutil.rmtree(self._bases / name, ignore_errors=True)
        forget_unneeded(self._wal, [self._bases / name for name in self.copies.bases])

    def _retain(self, now: datetime) -> None:
        with self.context.mutation():
            if self.copies.copying:
                self.copies.status, self.copies.ended = "retained", now

    def _delete(self) -> None:
        if self._in_use():
            return
        shutil.rmtree(self._bases.parent, ignore_errors=True)
        with self.context.mutation():
            self.state.replicated_backups.pop(self.copies.identifier, None)

    def _in_use(self) -> bool:
        """Whether an instance is being made of them."""
        with self.context.lock:
            making = [instance for instance in self.fleet.instances() if instance.status == "creating"]
            return any(getattr(instance.origin, "copies", "") == self.copies.identifier for instance in making)


def _copy(segment: Path, to: Path) -> None:
    """With its time. A copy is whole or absent; a segment that the source has just forgotten is needed by nobody."""
    draft = to.with_suffix(".new")
    try:
        shutil.copy2(segment, draft)
    except FileNotFoundError:
        return
    draft.rename(to)
