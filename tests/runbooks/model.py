"""A model of two regions and a witness: clocks, leases, recorders, replication, faults. Second by second, in memory.

It checks at every tick what must never be: two regions that take writes, and a promotion that loses what nobody
accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts import lease, recovery_point
from contracts.lease import Found, Lease, Missing, Write
from contracts.pair import Pair
from contracts.platform import RegionRole
from contracts.recovery_point import CachePoint, DatabasePoint, Loss, RecoveryPoints, Sample, TopicPoint
from contracts.store_topology import WITHOUT_TOKEN
from runbooks.ports import Database, Environment, Outrun, Refused, Region, Stored, StoreState, Unreachable

WEST, EAST = "us-west-2", "us-east-1"
DATABASES = ("auth", "users")
PROMOTION_S = 3
SEEDING_S = 5
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
    parted: bool = False
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
                other.store.parted = True

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
                streaming=bool(one.source) and self._streams(region, name),
                rows=one.lsn if not one.source else 0,
            )
            for name, one in region.databases.items()
            if one.status == "available"
        }
        topic = TopicPoint({"0": region.offset}, lag=0, lag_at=self.now)
        cache = CachePoint("stream", region.offset, self.primary_cache == region.name, self.linked)
        sample = Sample(self.now, region.epoch, region.knows_fence, databases, {"raw": topic}, cache)
        self.put(key, recovery_point.encode(points.with_sample(sample)), str(stored[1]) if stored else None)

    def _streams(self, region: ModelRegion, name: str) -> bool:
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

    def environment(self) -> Environment:
        regions = {name: _region(self, one) for name, one in self.regions.items()}
        return Environment(
            PAIR, _Witness(self), regions, lambda: self.now, self.sleep, lambda calls: [c() for c in calls]
        )


@dataclass
class _Witness:
    model: Model

    def read(self, key: str) -> Stored | None:
        self._answers()
        found = self.model.objects.get(key)
        return Stored(found[0], str(found[1]), self.model.now) if found else None

    def write(self, key: str, body: bytes, etag: str | None) -> str:
        self._answers()
        return self.model.put(key, body, etag)

    def _answers(self) -> None:
        if not self.model.witness_answers:
            raise Unreachable("the witness does not answer")


@dataclass
class _Api:
    model: Model
    region: ModelRegion

    def _answers(self) -> None:
        assert self.region.name != self.model.forbidden, f"an API of {self.region.name} was asked"
        if not self.region.alive or not self.region.visible:
            raise Unreachable(f"{self.region.name} does not answer")


@dataclass
class _Databases(_Api):
    def find(self, name: str) -> Database | None:
        self._answers()
        for short, one in self.region.databases.items():
            if one.name == name:
                return Database(name, one.status, one.source, self.model._streams(self.region, short))
        return None

    def promote(self, name: str) -> None:
        self._answers()
        short = next(s for s, one in self.region.databases.items() if one.name == name)
        one, model = self.region.databases[short], self.model
        if one.status != "available" or not one.source:
            raise Refused(f"{name} is {one.status}")
        other = model.regions[EAST if self.region.name == WEST else WEST]
        held = model.lease()
        assert held.fenced_by, "promoted without a fence"
        assert not other.writes(model.now), "promoted while the other region takes writes"
        missing = other.databases[short].lsn - one.lsn
        assert missing <= model.accepted_rows(short), f"promoted with {missing} rows missing, which nobody accepted"
        model.lost[short] = missing
        one.status, one.busy_until = "modifying", model.now + PROMOTION_S

    def delete(self, name: str, snapshot: str) -> None:
        self._answers()
        assert not self.region.writes(self.model.now), "a database that takes writes was deleted"
        short = next(s for s, one in self.region.databases.items() if one.name == name)
        del self.region.databases[short]

    def settings(self, name: str) -> str | None:
        self._answers()
        return "as it was" if self.find(name) else None

    def differs(self, name: str, settings: str) -> bool:
        self._answers()
        return not next(one for one in self.region.databases.values() if one.name == name).complete

    def complete(self, name: str, settings: str) -> None:
        self._answers()
        one = next(one for one in self.region.databases.values() if one.name == name)
        one.complete, one.status, one.busy_until = True, "configuring", self.model.now + 1

    def make_replica(self, name: str, source: str, settings: str) -> None:
        self._answers()
        short = name.rpartition("-")[2]
        until = self.model.now + SEEDING_S
        assert settings == "as it was"
        self.region.databases[short] = ModelDatabase(name, source, "creating", until, complete=False)


@dataclass
class _Cache(_Api):
    def primary(self) -> tuple[str, str]:
        self._answers()
        return self.model.primary_cache, "modifying" if self.model.cache_target else "available"

    def fail_over(self, region: str) -> None:
        self._answers()
        self.model.cache_target, self.model.cache_busy_until = region, self.model.now + 2


@dataclass
class _Cluster(_Api):
    def role(self) -> str:
        self._answers()
        return self.region.role

    def set_role(self, role: str) -> None:
        self._answers()
        self.region.role = role

    def unready(self) -> Sequence[str]:
        self._answers()
        return []


@dataclass
class _Store(_Api):
    def find(self) -> StoreState | None:
        self._answers()
        store = self.region.store
        if store is None:
            return None
        ready = store.primary or not (store.parted or self.model.now < store.busy_until)
        since = 0.0 if ready else 1.0
        uid = str(store.uid)
        return StoreState(uid, ready, store.primary, False, "it has parted", since, store.token, store.promotion)

    def promote(self, token: str) -> None:
        self._answers()
        assert self.region.store is not None
        self.region.store.promotion = token

    def manifest(self) -> str | None:
        self._answers()
        return "as it was" if self.region.store else None

    def delete(self) -> None:
        self._answers()
        assert self.region.store, "deleted twice"
        assert not self.region.store.primary, "a store that takes rows was deleted"
        assert self.region.store.parted, "a store that was made anew was deleted again"
        self.region.store = None

    def create(self, manifest: str) -> None:
        self._answers()
        assert manifest == "as it was"
        assert self.region.store is None
        self.region.store = ModelStore(False, uid=2, busy_until=self.model.now + SEEDING_S)


@dataclass
class _Probe:
    model: Model
    region: ModelRegion
    name: str
    serving: bool = False

    def answers(self) -> str | None:
        if self.serving:
            return "200" if self.region.writes(self.model.now) and self.region.visible else None
        return "it is there" if self.region.alive and self.region.visible else None


def _region(model: Model, region: ModelRegion) -> Region:
    probes = [_Probe(model, region, name) for name in ("gateway", "cluster", "database")]
    serves = _Probe(model, region, "/active", serving=True)
    api = (model, region)
    return Region(region.name, _Databases(*api), _Cache(*api), _Cluster(*api), _Store(*api), probes, serves)
