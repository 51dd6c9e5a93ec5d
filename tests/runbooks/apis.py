"""The APIs of the model's regions and of its witness, as the plans' ports. A promotion or deletion that must never be
fails the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runbooks.ports import Database, Environment, Refused, Region, Stored, StoreState, Unreachable
from tests.runbooks.model import EAST, PAIR, WEST, Model, ModelDatabase, ModelRegion, ModelStore

PROMOTION_S = 3
SEEDING_S = 5


def environment(model: Model) -> Environment:
    regions = {name: _region(model, one) for name, one in model.regions.items()}
    return Environment(
        PAIR, _Witness(model), regions, lambda: model.now, model.sleep, lambda calls: [c() for c in calls]
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
                resource = f"db-{name}-anew" if one.anew else f"db-{name}"
                return Database(name, one.status, one.source, self.model.streams(self.region, short), resource)
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
        self.region.databases[short] = ModelDatabase(name, source, "creating", until, complete=False, anew=True)


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
        ready = store.primary or not (store.diverged or self.model.now < store.busy_until)
        since = 0.0 if ready else 1.0
        uid = str(store.uid)
        return StoreState(uid, ready, store.primary, False, "it has diverged", since, store.token, store.promotion)

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
        assert self.region.store.diverged, "a store that was made anew was deleted again"
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
