"""Make an old primary a replica again. RDS has no operation for that: it is deleted, with a snapshot, and made anew."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, ask, done, due, refused, waiting
from runbooks.ports import Refused, Situation
from runbooks.steps.record_instance import RecordInstance
from runbooks.steps.seen import held


@dataclass(frozen=True)
class RebuildReplica:
    """In `region`. Whoever holds the lease is never touched."""

    database: str
    region: str

    @property
    def step(self) -> Step:
        title = f"make database {self.database} of {self.region} a replica"
        return Step(f"rebuild-replica/{self.region}/{self.database}", title, deadline_s=3600, post_recovery=True)

    def observe(self, at: Situation) -> Observation:
        if why := self._refusal(at):
            return refused(why)
        name = at.pair.instance(self.database, self.region)
        found = at.regions[self.region].databases.find(name)
        if found is not None and found.status != "available":
            return waiting(f"{name} is {found.status}")
        if found is not None and found.source and self._incomplete(at, name):
            return due(f"{name} lacks settings")
        if found is not None and found.source:
            facts = {"instance": name, "resource": found.resource}
            return done(f"{name} streams", **facts) if found.streaming else waiting(f"{name} does not stream yet")
        if found is None:
            return due(f"{name} does not exist")
        phrase = f"delete {name} in {self.region}"
        if at.answers.get(self.step.name) != phrase:
            text = (
                f"{name} in {self.region} took writes once and follows nobody. It is deleted, with the final snapshot"
                f" {self._snapshot(at)}, and made anew as a replica."
            )
            return ask(text, phrase)
        return due(f"{name} follows nobody")

    def act(self, at: Situation) -> None:
        if why := self._refusal(at):
            raise Refused(why)
        databases, other = at.regions[self.region].databases, at.pair.other(self.region)
        name = at.pair.instance(self.database, self.region)
        found = databases.find(name)
        if found is None:
            databases.make_replica(name, at.pair.arn(self.database, other), self._settings(at))
        elif found.source and self._incomplete(at, name):
            databases.complete(name, self._settings(at))
        elif not found.source and found.status == "available":
            databases.delete(name, self._snapshot(at))

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)

    def _incomplete(self, at: Situation, name: str) -> bool:
        return at.regions[self.region].databases.differs(name, self._settings(at))

    def _settings(self, at: Situation) -> str:
        """Raises Refused when nothing is known of the instance that is to be made anew."""
        settings = at.fact(RecordInstance(self.database, self.region).step.name, "settings")
        if not isinstance(settings, str):
            raise Refused(f"nobody recorded what {self.database} of {self.region} was made with: run `pulumi up`")
        return settings

    def _snapshot(self, at: Situation) -> str:
        return f"{at.pair.instance(self.database, self.region)}-{at.execution}"

    def _refusal(self, at: Situation) -> str | None:
        found = held(at.witness)
        if found is None or found[0].region == self.region:
            return f"{self.region} may hold the lease: its databases are not to be deleted"
        other = at.pair.other(self.region)
        source = at.regions[other].databases.find(at.pair.instance(self.database, other))
        if source is None or source.source or source.status != "available":
            return f"{other} has no primary of {self.database} to copy from"
        return None
