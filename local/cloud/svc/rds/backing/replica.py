"""The server of a read replica: it is copied, follows its source, and is promoted, step by step."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from local.cloud import metrics
from local.cloud.svc.rds import events, replication
from local.cloud.svc.rds.backing.fleet import Fleet
from local.cloud.svc.rds.model import Instance
from local.cloud.svc.rds.replication import Found, Step
from local.engines.postgres import Postgres
from local.loss.copies import Copy

_LOOK_SECONDS = 2.0
_PUBLISH_SECONDS = 60.0
"""Between data points of ReplicaLag, as RDS has them; a change of its status is published at once."""
_looked_at: dict[str, float] = {}
"""When each replica was last asked about its replication, by resource id, on the monotonic clock."""
_published_at: dict[str, float] = {}
_level_at: dict[str, float] = {}
"""When each replica was last known to have everything."""


class Replica:
    def __init__(self, fleet: Fleet, instance: Instance) -> None:
        self.fleet, self.context, self.instance = fleet, fleet.context, instance
        self.state = fleet.state(instance.region)

    def advance(self) -> bool:
        """Takes every step that is due; whether the server is as the record says. Raises EngineFailed."""
        while (step := replication.next_step(self.found())) not in (Step.DONE, Step.GIVE_UP):
            self.take(step)
            if step is Step.DETACH:
                return True
        return step is Step.DONE

    def found(self) -> Found:
        with self.context.lock:
            engine, source = self.engine(), self.fleet.source(self.instance)
        running = engine.initialized and engine.ready()
        return Found(
            self.instance.promoting,
            source is not None,
            engine.initialized,
            running,
            running and engine.in_recovery(),
        )

    def take(self, step: Step) -> None:
        engine = self.engine()
        match step:
            case Step.SEED:
                engine.seed()
            case Step.START:
                engine.ensure()
            case Step.FENCE:
                engine.stop()
            case Step.PROMOTE:
                engine.promote()
            case Step.DETACH:
                self._detach()
            case Step.GIVE_UP | Step.DONE:
                pass

    def engine(self) -> Postgres:
        with self.context.lock:
            return self.fleet.engine(self.instance)

    def look(self) -> bool:
        """Measures the replication every few seconds; whether the server is still a standby."""
        key, now = self.instance.resource_id, time.monotonic()
        if now - _looked_at.get(key, 0.0) < _LOOK_SECONDS:
            return True
        _looked_at[key] = now
        found = self.engine().replication()
        if not found.recovering:
            return False
        with self.context.lock:
            standby = self.fleet.standby(self.instance)
        if found.level:
            _level_at[key] = now
        slot = standby.slot_status() if standby and not found.level else None
        source = self.instance.following.arn if self.instance.following else ""
        health = replication.health(source, standby is not None, found.streaming, slot)
        since_level = now - _level_at[key] if key in _level_at else None
        behind = replication.lag(health.normal, found.level, found.age, since_level)
        if health != self.instance.health or now - _published_at.get(key, 0.0) >= _PUBLISH_SECONDS:
            _published_at[key] = now
            self._record(health, behind)
        return True

    def copies(self) -> list[Copy]:
        """One of an instance that follows another region's. The replica is asked first, so that what it lacks is not
        told too little. Raises EngineFailed, psycopg.OperationalError."""
        instance, following = self.instance, self.instance.following
        if following is None or following.region == instance.region:
            return []
        self.context.need(following.region, instance.region)
        with self.context.lock:
            engine, source = self.engine(), self.fleet.source(instance)
        if source is None:
            return []
        has, found, wanted = engine.written(), engine.replication(), source.written()
        seconds = 0.0 if found.level else found.age
        name, after = instance.identifier, "" if found.streaming else "it does not stream"
        places = following.region, instance.region
        lacking = max(0, wanted - has)
        return [Copy(instance.arn, "RDS", name, *places, seconds, lacking, "bytes of WAL", time.time(), after)]

    def _record(self, health: replication.Health, behind: float) -> None:
        before = self.instance.health
        with self.context.mutation():
            named = {"DBInstanceIdentifier": self.instance.identifier}
            metrics.put(self.instance.region, "AWS/RDS", "ReplicaLag", named, behind, datetime.now(UTC))
            self.instance.health = health
            if before is not None and before.status != health.status:
                events.of_instance(self.state, self.instance, "read replica", _EVENTS[health.status])

    def _detach(self) -> None:
        with self.context.mutation():
            self.instance.origin, self.instance.promoting, self.instance.health = None, False, None
            events.of_instance(self.state, self.instance, "read replica", "Promoted read replica to a standalone DB")
        self.engine().configure()


_EVENTS = {
    "replicating": "Replication for the Read Replica resumed",
    "error": "An error has occurred in the read replication process",
    "terminated": "Replication on the Read Replica was terminated",
}
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html"""
