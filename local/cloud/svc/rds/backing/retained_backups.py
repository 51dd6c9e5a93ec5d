"""What stays of the automated backups of an instance that is deleted: its base backups, and its log to the end."""

from __future__ import annotations

import base64
import gzip
import shutil
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from local.cloud.svc.rds.backing.fleet import Fleet
from local.cloud.svc.rds.model import Instance
from local.cloud.svc.rds.replicated_backups import ReplicatedBackups


def retain(fleet: Fleet, instance: Instance, now: datetime) -> ReplicatedBackups | None:
    """Copies the files of an instance whose server has stopped; None when there is no base backup to begin with.

    What an interrupted call did not copy, the next one does, also when the data of the server are gone by then.
    """
    with fleet.context.lock:
        taken = fleet.state(instance.region).snapshots_of(instance.resource_id, "automated")
        complete = {s.resource_id: (fleet.folder(s), s.completed) for s in taken if s.status == "available"}
    if not complete:
        return None
    name = "ab-" + base64.b32encode(sha256(instance.resource_id.encode()).digest()[:25]).decode().lower()
    bases, wal = fleet.copies(instance.region, name)
    for folder in (bases, wal):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for base, (folder, _) in complete.items():
        _copy_base(folder, bases / base)
    for segment in fleet.archive(instance).glob("*.gz"):
        shutil.copy2(segment, wal / segment.name)
    for segment in fleet.log(instance):
        if not (wal / f"{segment.name}.gz").exists():
            _compress(segment, wal / f"{segment.name}.gz")
    return ReplicatedBackups(
        region=instance.region,
        identifier=name,
        arn=fleet.context.arn("rds", instance.region, f"auto-backup:{name}"),
        source=instance.arn,
        source_region=instance.region,
        instance=instance.identifier,
        instance_resource_id=instance.resource_id,
        instance_created=instance.created,
        inputs=dict(instance.inputs),
        password=instance.password,
        tags=instance.tags,
        status="retained",
        bases={base: completed for base, (_, completed) in complete.items() if completed},
        reached=now,
        ended=now,
    )


def _copy_base(folder: Path, to: Path) -> None:
    if to.exists():
        return
    draft = to.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(folder, draft, symlinks=True)
    draft.rename(to)


def _compress(segment: Path, to: Path) -> None:
    """A segment that was never archived, as the last one is not."""
    draft = to.with_suffix(".new")
    with segment.open("rb") as whole, gzip.open(draft, "wb", compresslevel=1) as small:
        shutil.copyfileobj(whole, small)
    draft.rename(to)
