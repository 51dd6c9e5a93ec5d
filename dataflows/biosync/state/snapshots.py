"""Takes a partition's snapshots and uploads them from other threads, one at a time.

The worker only hands over what changed since the last one. An upload that fails is tried again until it succeeds;
meanwhile later changes wait, at most one state a person. So S3 that is away stops nothing, and costs no more memory
than the states themselves.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import msgspec
import structlog

from dataflows.biosync import metrics
from dataflows.biosync.backoff import Backoff
from dataflows.biosync.place import Place
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.state import retention
from dataflows.biosync.state.bucket import BucketUnavailable, PartitionBucket, Superseded
from dataflows.biosync.state.manifest import Manifest, Object, Snapshot, described, encode_segment, parts
from dataflows.biosync.state.restore import Claim

THREADS = 4
_log = structlog.get_logger(__name__)


@dataclass
class _Upload:
    snapshot: Snapshot
    """Without what is still to be written."""
    changes: dict[str, dict[str, bytes | None]]
    """By the name of their segment."""
    unwritten: tuple[str, bytes] | None
    written: dict[str, Object] = field(default_factory=dict[str, Object])


class Snapshots:
    """Of one partition, each `every` seconds. `newest`: segment and size of each person's state; `pending`: states that
    lie in no segment."""

    def __init__(
        self,
        bucket: PartitionBucket,
        claim: Claim,
        newest: Mapping[str, tuple[str, int]],
        pending: Mapping[str, bytes | None],
        threads: ThreadPoolExecutor,
        shutdown: Shutdown,
        every: float,
    ) -> None:
        self._bucket = bucket
        self._manifest, self._etag = claim.manifest, claim.etag
        self._newest = dict(newest)
        self._pending: dict[str, bytes | None] = dict(pending)
        self._threads = threads
        self._shutdown = shutdown
        self._every = every
        self._taken: float | None = None
        self._number = 0
        self._deleted: set[str] = set()
        self._swept = False
        self._upload: Future[None] | None = None
        if claim.manifest.snapshots:
            self._report(claim.manifest.snapshots[0])
        else:  # the claim says that there is nothing yet
            metrics.STATE_TIME.labels(str(claim.manifest.partition)).set(time.time())

    @property
    def running(self) -> Future[None] | None:
        """The upload that is under way."""
        return self._upload if self._upload is not None and not self._upload.done() else None

    def tick(
        self,
        place: Place,
        changes: Mapping[str, bytes | None],
        unwritten: bytes,
        state: Callable[[str], bytes],
    ) -> None:
        """Take a snapshot if it is time. `state` gives the state of a person who did not change.

        Raises Superseded when a later epoch has begun: this process must stop.
        """
        self._pending.update(changes)
        if self._upload is not None:
            if not self._upload.done():
                return
            self._upload.result()
        now = time.monotonic()
        if retention.due(now, self._taken, self._every):
            self._taken = now
            self._upload = self._threads.submit(self._run, self._take(place, unwritten, state))

    def finish(
        self,
        deadline: float,
        place: Place,
        changes: Mapping[str, bytes | None],
        unwritten: bytes,
        state: Callable[[str], bytes],
    ) -> Future[None] | None:
        """Take the last one, after the one that is being uploaded; None when the newest has everything already. It is
        not taken when that one is not written until `deadline` (monotonic seconds): that upload is returned."""
        self._pending.update(changes)
        if self._upload is not None and not wait([self._upload], max(0.0, deadline - time.monotonic())).done:
            return self._upload
        newest = self._manifest.snapshots[0] if self._manifest.snapshots else None
        complete = newest is not None and newest.place == place and not newest.unwritten
        if self._pending or not complete:
            self._upload = self._threads.submit(self._run, self._take(place, unwritten, state))
        return self._upload

    def _take(self, place: Place, unwritten: bytes, state: Callable[[str], bytes]) -> _Upload:
        segments = self._manifest.snapshots[0].segments if self._manifest.snapshots else []
        live = Counter[str]()
        for name, size in self._newest.values():
            live[name] += size
        leaving = retention.leaving([(one.size, live[one.name]) for one in segments])
        left = {one.name for one in segments[:leaving]}
        changes, self._pending = self._pending, {}
        if left:
            again = [user for user, (name, _) in self._newest.items() if name in left and user not in changes]
            changes |= {user: state(user) for user in again}
        self._number += 1
        name = f"{self._manifest.epoch:012d}-{self._number:09d}"
        named = {f"{name}-{i:03d}": part for i, part in enumerate(parts(changes))}
        for segment, part in named.items():
            for user, encoded in part.items():
                if encoded is None:
                    self._newest.pop(user, None)
                else:
                    self._newest[user] = segment, len(encoded)
        snapshot = Snapshot(
            epoch=self._manifest.epoch,
            number=self._number,
            place=place,
            taken=int(time.time() * 1000),
            persons=len(self._newest),
            segments=segments[leaving:],
            unwritten=None,
        )
        return _Upload(snapshot, named, (f"{name}-unwritten", unwritten) if unwritten else None)

    def _run(self, upload: _Upload) -> None:
        """In a thread: until it is written. Raises Superseded."""
        backoff, started = Backoff(), time.monotonic()
        while not self._shutdown.finished:
            try:
                manifest = self._publish(upload)
                break
            except BucketUnavailable as error:
                metrics.STATE_RETRIES.inc()
                delay = backoff.next()
                _log.warning(
                    "snapshot_not_written",
                    partition=self._manifest.partition,
                    error=str(error),
                    action=f"nothing stops; it is tried again in {delay:g} s",
                )
                self._shutdown.wait(delay)
        else:
            return
        self._report(manifest.snapshots[0])
        metrics.STATE_SECONDS.observe(time.monotonic() - started)
        metrics.STATE_BYTES.inc(sum(one.size for one in upload.written.values()))
        try:
            self._clean(manifest)
        except BucketUnavailable as error:
            _log.warning("segments_not_deleted", error=str(error), action="they are deleted after the next snapshot")

    def _publish(self, upload: _Upload) -> Manifest:
        written = upload.written
        for name, changes in upload.changes.items():
            if name not in written:
                data = encode_segment(changes)
                self._bucket.write(name, data)
                written[name] = described(name, data)
        unwritten: Object | None = None
        if upload.unwritten:
            name, data = upload.unwritten
            if name not in written:
                self._bucket.write(name, data)
                written[name] = described(name, data)
            unwritten = written[name]
        segments = [*upload.snapshot.segments, *(written[name] for name in upload.changes)]
        snapshot = msgspec.structs.replace(upload.snapshot, segments=segments, unwritten=unwritten)
        manifest = retention.following(self._manifest, snapshot, self._deleted, snapshot.taken)
        etag = self._bucket.replace(manifest, self._etag)
        if (later := self._bucket.later_epoch(manifest.epoch)) is not None:
            raise Superseded(f"epoch {later} has begun, and this one is {manifest.epoch}")
        self._deleted.clear()
        self._manifest, self._etag = manifest, etag
        return manifest

    def _clean(self, manifest: Manifest) -> None:
        now = int(time.time() * 1000)
        if not self._swept:
            known = self._bucket.manifests()
            listed = [one for one in known if isinstance(one, Manifest)]
            if len(listed) == len(known):
                self._bucket.delete_segments(retention.orphans(self._bucket.segments(), listed, manifest.epoch, now))
            # one that cannot be read too: it was gone back from, and keeps its objects from being orphans so long
            self._bucket.delete_manifests(manifest.epoch - retention.KEPT_EPOCHS + 1)
            self._swept = True
        if names := retention.expired(manifest, now):
            self._bucket.delete_segments(names)
            self._deleted.update(names)

    def _report(self, snapshot: Snapshot) -> None:
        partition = str(self._manifest.partition)
        metrics.STATE_TIME.labels(partition).set(snapshot.taken / 1000)
        metrics.STATE_STORED.labels(partition).set(sum(one.size for one in snapshot.objects))
        metrics.STATE_PERSONS.labels(partition).set(snapshot.persons)
