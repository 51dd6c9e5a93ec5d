"""A model of two regions and a witness: clocks, leases, recorders, replication, faults. Second by second, in memory.

It checks at every tick what must never be: two regions that take writes, and a promotion that loses what nobody
accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from contracts import lease, recovery_point
from contracts.lease import Found, Lease, Missing, Write
from contracts.pair import Pair
from contracts.platform import RegionRole
from contracts.recovery_point import CachePoint, DatabasePoint, Loss, RecoveryPoints, Sample, TopicPoint
from contracts.store_topology import WITHOUT_TOKEN
from runbooks.ports import Outrun

WEST, EAST = "us-west-2", "us-east-1"
DATABASES = ("auth", "users")
RECORD_S = 5
LAG_S = 8
DRAIN_S = 2
ROWS_A_SECOND = 7


def arn(region: str, name: str) -> str:
    return f"arn:aws:rds:{region}:123456789012:db:aura-{region}-{name}"


PAIR = Pair(
    home=WEST,
    away=EAST,
    databases={name: {region: arn(region, name) for region in (WEST, EAST)} for name in DATABASES},
    global_datastore="sgaui-aura",
    replication_groups={WEST: "aura-west", EAST: "aura-east"},
    streams={},
    replicators={},
    backup_buckets={},
    state_buckets={},
    witness_bucket="aura-witness",
)


@dataclass
class ModelDatabase:
    name: str
    source: str = ""
    status: str = "available"
    busy_until: float = 0.0
    complete: bool = True
    anew: bool = False
    """Whether it was deleted once and made anew."""
    lsn: int = 0
    """Also rows: each write is a row and a byte."""
    sent: list[int] = field(default_factory=list)
    """A replica: what its primary had in the last LAG_S seconds, which arrives in that order."""


@dataclass
class ModelStore:
    """The time-series store, and the operators that follow the region's role."""

    primary: bool
    uid: int = 1
    token: str = ""
    promotion: str = ""
    diverged: bool = False
    """It has what the other one, promoted without its token, has not."""
    busy_until: float = 0.0
    """It is being made anew."""


@dataclass
class ModelRegion:
    name: str
    role: str
    databases: dict[str, ModelDatabase]
    store: ModelStore | None = None
    alive: bool = True
    sees_witness: bool = True
    visible: bool = True
    """From where the runner is: a region that is not may well be alive."""
    active_until: float = 0.0
    """By its own clock, as lease.py has it: from the sending of the last confirmed renewal."""
    told: float = 0.0
    """When the last write of a region that was told to stop ends: its databases are made read-only after that."""
    knows_fence: str = ""
    epoch: int = 0
    offset: int = 0

    def writes(self, now: float) -> bool:
        return self.alive and now < self.active_until


@dataclass
class Model:
    now: float = 1_000_000.0
    objects: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    regions: dict[str, ModelRegion] = field(default_factory=dict)
    primary_cache: str = WEST
    cache_busy_until: float = 0.0
    cache_target: str = ""
    linked: bool = True
    messages_behind: int = 0
    """Of the replicator to each region, at its last measurement."""
    witness_answers: bool = True
    """To the runner."""
    accepted: Loss | None = None
    """What a person has typed."""
    lost: dict[str, int] = field(default_factory=dict)
    """Rows that a promotion left behind, by database."""
    at_tick: Callable[[Model], None] = lambda model: None
    forbidden: str = ""
    """A region of which no API may be asked."""

    def __post_init__(self) -> None:
        for region, role in ((WEST, "active"), (EAST, "passive")):
            other = EAST if region == WEST else WEST
            names = {n: ModelDatabase(f"aura-{region}-{n}", "" if region == WEST else arn(other, n)) for n in DATABASES}
            self.regions[region] = ModelRegion(region, role, names, ModelStore(region == WEST))
        for _ in range(12):
            self.tick()

    # --- time

    def sleep(self, seconds: float) -> None:
        end = self.now + max(1.0, seconds)
        while self.now < end:
            self.tick()

    def tick(self) -> None:
        self.now += 1.0
        self.at_tick(self)
        for region in self.regions.values():
            if region.alive:
                self._look_at_lease(region)
                self._operate(region)
        self._write()
        self._replicate()
        self._finish()
        for region in self.regions.values():
            if region.alive and region.sees_witness and self.now % RECORD_S == 0:
                self._record(region)
        self.check()

    def check(self) -> None:
        writers = [one.name for one in self.regions.values() if one.writes(self.now)]
        assert len(writers) <= 1, f"two regions take writes: {writers}"

    def _look_at_lease(self, region: ModelRegion) -> None:
        """The service `region`: it renews every 10 s, and looks every tick."""
        if not region.sees_witness:
            return
        stored = self.objects.get(lease.LEASE_KEY)
        seen = Found(lease.decode(stored[0]), str(stored[1])) if stored else Missing()
        if isinstance(seen, Found):
            region.knows_fence, region.epoch = seen.lease.fenced_by, seen.lease.epoch
        step = lease.next_write(region.name, RegionRole(region.role), seen, f"process of {region.name}", self.now)
        if not isinstance(step, Write):
            region.active_until = min(region.active_until, max(region.told, 0.0) or self.now + DRAIN_S)
            region.told = region.active_until
        elif self.now >= region.active_until - 20:
            self.put(lease.LEASE_KEY, lease.encode(step.lease), step.etag)
            region.active_until, region.told = self.now + step.lease.term_s, 0.0

    def _operate(self, region: ModelRegion) -> None:
        """What the operators make of the store, by the role and the token that the region was told."""
        store, other = region.store, self.regions[EAST if region.name == WEST else WEST]
        if store is None:
            return
        if region.role == "passive" and store.primary:
            store.primary, store.token, store.promotion = False, f"{region.name} at {self.now:.0f}", ""
        elif region.role == "active" and not store.primary and store.promotion:
            held = self.lease()
            assert held.region == region.name, "the store was promoted while the other region may write"
            known = store.promotion == WITHOUT_TOKEN
            assert known or (other.store and other.store.token == store.promotion), "promoted with a wrong token"
            store.primary, store.token = True, ""
            if known and other.store:
                other.store.diverged = True

    def _write(self) -> None:
        for region in self.regions.values():
            if region.writes(self.now):
                for database in region.databases.values():
                    if not database.source and database.status == "available":
                        database.lsn += ROWS_A_SECOND
                if self.primary_cache == region.name:
                    region.offset += ROWS_A_SECOND

    def _replicate(self) -> None:
        if not self.linked or not all(one.alive for one in self.regions.values()):
            return
        for region in self.regions.values():
            other = self.regions[EAST if region.name == WEST else WEST]
            for name, database in region.databases.items():
                source = other.databases.get(name)
                if database.source and database.status == "available" and source and not source.source:
                    database.sent = [*database.sent, source.lsn][-LAG_S:]
                    database.lsn = max(database.lsn, database.sent[0])
            if self.primary_cache == other.name:
                region.offset = other.offset

    def _finish(self) -> None:
        for region in self.regions.values():
            for database in region.databases.values():
                if database.status != "available" and self.now >= database.busy_until:
                    if database.status == "modifying":
                        database.source = ""
                    database.status = "available"
        if self.cache_target and self.now >= self.cache_busy_until:
            self.primary_cache, self.cache_target = self.cache_target, ""

    def _record(self, region: ModelRegion) -> None:
        key = recovery_point.key(region.name)
        stored, points = self.objects.get(key), self.points(region.name)
        databases = {
            name: DatabasePoint(
                one.lsn,
                primary=not one.source,
                writable=not one.source and region.writes(self.now),
                streaming=bool(one.source) and self.streams(region, name),
                rows=one.lsn if not one.source else 0,
            )
            for name, one in region.databases.items()
            if one.status == "available"
        }
        topic = TopicPoint({"0": region.offset}, lag=self.messages_behind, lag_at=self.now)
        cache = CachePoint("stream", region.offset, self.primary_cache == region.name, self.linked)
        sample = Sample(self.now, region.epoch, region.knows_fence, databases, {"raw": topic}, cache)
        self.put(key, recovery_point.encode(points.with_sample(sample)), str(stored[1]) if stored else None)

    def streams(self, region: ModelRegion, name: str) -> bool:
        other = self.regions[EAST if region.name == WEST else WEST]
        source = other.databases.get(name)
        return self.linked and other.alive and source is not None and not source.source

    def accept(self, giving: str, taking: str) -> None:
        """A person accepts what would be lost as it is known at the witness."""
        points = [self.points(giving), self.points(taking)]
        self.accepted = recovery_point.expected_loss(points[0], points[1], lease.expires_at(self.lease()))

    def accepted_rows(self, database: str) -> float:
        """With those that nobody can have counted, as nobody looked."""
        if self.accepted is None:
            return 0
        rows = next((one.amount for one in self.accepted.stores if one.store == database), None)
        return float("inf") if rows is None else rows + self.accepted.unseen_s * ROWS_A_SECOND

    def points(self, region: str) -> RecoveryPoints:
        stored = self.objects.get(recovery_point.key(region))
        return recovery_point.read(stored[0]) if stored else RecoveryPoints(region)

    # --- the witness

    def put(self, key: str, body: bytes, etag: str | None) -> str:
        found = self.objects.get(key)
        if (str(found[1]) if found else None) != etag:
            raise Outrun(key)
        number = (found[1] if found else 0) + 1
        self.objects[key] = (body, number)
        return str(number)

    def lease(self) -> Lease:
        return lease.decode(self.objects[lease.LEASE_KEY][0])

    def end_state(self) -> object:
        """What all runs of a plan must end in, however they were interrupted."""
        databases = {
            (region.name, name): (one.source, one.status)
            for region in self.regions.values()
            for name, one in region.databases.items()
        }
        held = self.lease()
        roles = {region.name: region.role for region in self.regions.values()}
        stores = {one.name: one.store and one.store.primary for one in self.regions.values()}
        return held.region, held.fenced_by, held.epoch, databases, self.primary_cache, roles, stores
