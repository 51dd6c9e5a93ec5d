"""The recovery point: how far each store of each region had come at one time, so that a loss is counted, not guessed.

Each region's recorder writes what it sees of its own stores to the witness, at `key(region)`; so what the lost region
had last written is known when it no longer answers. One number would not do: every store replicates by itself.

The loss is an upper bound of what the samples show, and says for how long nobody looked. Nothing here reads a clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from contracts.decoding import of_others

PREFIX = "recovery-points/"
RECORDER_SERVICE = "recorder"
"""The AuraService of each region that writes them."""
KEPT = 120
"""Samples that are kept of a region: ten minutes at one every 5 seconds."""


class DatabasePoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """A PostgreSQL server. `lsn` in bytes of WAL: written by a primary, replayed by a replica."""

    lsn: int
    primary: bool
    writable: bool = False
    """A primary: whether a new session may write, or an open transaction has written."""
    streaming: bool = False
    """A replica: whether WAL arrives from its primary."""
    snapshot: str = ""
    """A replica: `pg_current_snapshot()`, which transactions it has; what the old primary has beyond it is lost."""
    rows: int = 0
    """A primary: rows inserted, updated and deleted since statistics began (`pg_stat_database`)."""
    commits: int = 0


class TopicPoint(msgspec.Struct, frozen=True, omit_defaults=True):
    ends: dict[str, int]
    """Partition -> its end offset."""
    lag: int | None = None
    """Where a replicator copies to: records of the other region that were not here at `lag_at`; None is unknown."""
    lag_at: float = 0.0

    @property
    def end(self) -> int:
        return sum(self.ends.values())


class CachePoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Redis: `offset` is of its replication stream, in bytes; comparable while both have the same `stream`."""

    stream: str
    offset: int
    primary: bool
    linked: bool = False
    """A replica: whether its primary answers."""


class Sample(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one recorder saw within a second. Stores that did not answer are absent, and named in `silent`."""

    at: float
    """Unix seconds of the recorder's clock."""
    epoch: int
    """Of the lease, which is read before anything else."""
    fenced_by: str = ""
    """Of the same lease: what takes no writes in this sample took none under that fence."""
    databases: dict[str, DatabasePoint] = {}
    topics: dict[str, TopicPoint] = {}
    cache: CachePoint | None = None
    snapshots: dict[str, int] = {}
    """Partition of a stream -> epoch of its newest snapshot in this region's bucket."""
    waiting: dict[str, float] = {}
    """Bucket -> bytes that S3 has yet to copy to the other region."""
    silent: list[str] = []


class RecoveryPoints(msgspec.Struct, frozen=True):
    """The samples of one region, the newest last."""

    region: str
    samples: list[Sample] = []

    def with_sample(self, sample: Sample) -> RecoveryPoints:
        return RecoveryPoints(self.region, [*self.samples, sample][-KEPT:])

    @property
    def newest(self) -> Sample | None:
        return self.samples[-1] if self.samples else None

    def newest_with(self, database: str) -> Sample | None:
        return next((one for one in reversed(self.samples) if database in one.databases), None)


class StoreLoss(msgspec.Struct, frozen=True):
    """What a store of the taking region lacks, at most. `amount` None: nobody measured it."""

    store: str
    unit: str
    amount: int | None
    why: str = ""


class Loss(msgspec.Struct, frozen=True):
    stores: list[StoreLoss]
    measured_at: float
    """Of the giving region's newest sample; 0 when there is none."""
    unseen_s: float
    """Seconds between that sample and the end of the giving region's lease: what was written then is in no figure."""

    @property
    def nothing(self) -> bool:
        return self.unseen_s <= 0 and all(one.amount == 0 for one in self.stores)


_encode = msgspec.json.Encoder().encode
read = of_others(msgspec.json.Decoder(RecoveryPoints).decode)
"""The points in an object of the witness; raises msgspec.DecodeError or ValidationError on anything else."""

_read_loss = of_others(msgspec.json.Decoder(Loss).decode)


def key(region: str) -> str:
    return f"{PREFIX}{region}.json"


def encode(points: RecoveryPoints) -> bytes:
    return _encode(points)


def expected_loss(giving: RecoveryPoints, taking: RecoveryPoints, writes_ended: float) -> Loss:
    """What the taking region lacks of the giving one. `writes_ended`, in Unix seconds: nothing was written after it."""
    last = giving.newest
    if last is None:
        why = f"no recovery point of {giving.region} was ever recorded"
        return Loss([StoreLoss("every store", "rows and messages", None, why)], 0.0, writes_ended)
    stores = [*_databases(giving, taking), *_topics(giving, taking), *_cache(giving, taking)]
    return Loss(stores, last.at, max(0.0, writes_ended - last.at))


def phrase(loss: Loss) -> str:
    """What a person types to accept this loss, and no other: it names every figure."""
    figures = [f"{'unknown' if one.amount is None else one.amount} {one.unit} of {one.store}" for one in loss.stores]
    lost = [figure for figure, one in zip(figures, loss.stores, strict=True) if one.amount != 0]
    unseen = [f"{loss.unseen_s:.0f} s unseen"] if loss.unseen_s > 0 else []
    return "lose " + (", ".join([*lost, *unseen]) or "nothing")


def exceeds(now: Loss, accepted: Loss) -> str | None:
    """What of the loss as measured now nobody accepted; None when it is no more than what was."""
    of = {one.store: one for one in accepted.stores}
    for one in now.stores:
        had = of.get(one.store)
        more = had is None or (had.amount is not None and (one.amount is None or one.amount > had.amount))
        if more and one.amount != 0:
            return f"{'unknown' if one.amount is None else one.amount} {one.unit} of {one.store}"
    more_unseen = now.unseen_s > accepted.unseen_s + 1
    return f"{now.unseen_s:.0f} s without a recovery point" if more_unseen else None


def encode_loss(loss: Loss) -> str:
    return _encode(loss).decode()


def read_loss(text: bytes) -> Loss:
    """Raises msgspec.DecodeError."""
    return _read_loss(text)


def not_caught_up(giving: RecoveryPoints, taking: RecoveryPoints, database: str, fence: str) -> str | None:
    """Why it is not proved that the taking region has all of a database; None when it is.

    Proof: a sample of the giving region that knew of this fence, in which the database takes no writes and has all
    rows, as in all that follow it, and a replica that has replayed as far. What the server writes after that is its
    own: PostgreSQL logs checkpoints and snapshots for its standbys while nobody writes. Rows are those of the whole
    server, which may have databases that were fenced later.
    """
    points = [one.databases[database] for one in giving.samples if one.fenced_by == fence and database in one.databases]
    if not points:
        return f"{giving.region} has recorded nothing of {database} since {fence} fenced it"
    written, sample = points[-1], taking.newest_with(database)
    if not written.primary:
        return f"{database} of {giving.region} is no primary"
    if written.writable:
        return f"{database} of {giving.region} still takes writes"
    if sample is None:
        return f"{taking.region} has recorded nothing of {database}"
    replayed = sample.databases[database]
    ended = itertools.takewhile(lambda one: not one.writable and one.rows == written.rows, reversed(points))
    settled = list(ended)[-1]
    missing = settled.lsn - replayed.lsn
    return f"{database} of {taking.region} lacks {missing:,} bytes of WAL" if missing > 0 else None


def fenced_at(giving: RecoveryPoints, fence: str) -> float | None:
    """When, in Unix seconds of its recorder, the giving region was first seen to know of this fence; None if never."""
    return next((one.at for one in giving.samples if one.fenced_by == fence), None)


def messages_missing(taking: RecoveryPoints, ended: float) -> list[str]:
    """Why it is not proved that the taking region has every record of each topic that is copied to it.

    Proof: a lag of 0 that was measured after the other region's last record, which came before `ended` (Unix seconds).
    """
    sample = next((one for one in reversed(taking.samples) if one.topics), None)
    if sample is None:
        return [f"{taking.region} has recorded nothing of its topics"]
    missing: list[str] = []
    for name, point in sorted(sample.topics.items()):
        if point.lag is None:
            missing.append(f"nobody has measured how far {name} of {taking.region} is behind")
        elif point.lag:
            missing.append(f"{name} of {taking.region} lacks {point.lag:,} messages")
        elif point.lag_at < ended:
            missing.append(f"the lag of {name} of {taking.region} was measured {ended - point.lag_at:.0f} s too early")
    return missing


def not_streaming(taking: RecoveryPoints, databases: Iterable[str], before: float | None = None) -> list[str]:
    """Databases whose replica does not stream in the newest sample, or with `before` (Unix seconds) in none of those
    until then: its primary may have been lost before it was."""
    found: list[str] = []
    for database in databases:
        seen = [one for one in taking.samples if database in one.databases and (before is None or one.at <= before)]
        if not any(one.databases[database].streaming for one in (seen if before is not None else seen[-1:])):
            found.append(database)
    return found


def _databases(giving: RecoveryPoints, taking: RecoveryPoints) -> Iterator[StoreLoss]:
    names = {name for one in giving.samples for name, point in one.databases.items() if point.primary}
    for name in sorted(names):
        newest, there = giving.newest_with(name), taking.newest_with(name)
        if newest is None or there is None:
            yield StoreLoss(name, "rows", None, f"{taking.region} has recorded nothing of {name}")
            continue
        written, replayed = newest.databases[name], there.databases[name].lsn
        lacking = max(0, written.lsn - replayed)
        known = [one.databases[name] for one in giving.samples if name in one.databases]
        before = [one for one in known if one.lsn <= replayed]
        if before:
            # Statistics reach pg_stat_database within a second of a transaction's end, so a sample may show WAL whose
            # rows the next one counts: one earlier sample makes the figure an upper bound.
            rows = max(0, written.rows - (before[-2] if len(before) > 1 else before[-1]).rows) if lacking else 0
            yield StoreLoss(name, "rows", rows, f"{lacking:,} bytes of WAL")
        else:
            why = f"{lacking:,} bytes of WAL, older than every sample"
            yield StoreLoss(name, "rows", None if lacking else 0, why)


def _topics(giving: RecoveryPoints, taking: RecoveryPoints) -> Iterator[StoreLoss]:
    names = sorted({name for one in giving.samples for name in one.topics})
    for name in names:
        here = [one for one in giving.samples if name in one.topics]
        there = [one.topics[name] for one in taking.samples if name in one.topics and one.topics[name].lag is not None]
        if not there:
            yield StoreLoss(name, "messages", None, "no replicator's lag was recorded")
            continue
        lag, at = there[-1].lag or 0, there[-1].lag_at
        earlier = [one for one in here if one.at <= at] or here[:1]
        since = here[-1].topics[name].end - earlier[-1].topics[name].end
        yield StoreLoss(name, "messages", max(0, lag + since), f"{lag} lagged, {since} came after that was measured")


def _cache(giving: RecoveryPoints, taking: RecoveryPoints) -> Iterator[StoreLoss]:
    here = next((one.cache for one in reversed(giving.samples) if one.cache), None)
    there = next((one.cache for one in reversed(taking.samples) if one.cache), None)
    if here is None:
        return
    if there is None or there.stream != here.stream:
        yield StoreLoss("cache", "bytes of commands", None, "the two servers do not follow the same stream")
    else:
        yield StoreLoss("cache", "bytes of commands", max(0, here.offset - there.offset))
