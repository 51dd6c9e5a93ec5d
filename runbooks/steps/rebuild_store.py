"""Make the time-series store of a region that was lost a replica. It follows by itself, unless it has what the new
primary has not: then it is deleted and made anew."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, ask, done, due, refused, waiting
from runbooks.ports import Refused, Situation
from runbooks.steps.record_store import RecordStore
from runbooks.steps.seen import held

PATIENCE_S = 60.0
"""A store that is not ready for so long does not come up by itself."""


@dataclass(frozen=True)
class RebuildStore:
    """Whoever holds the lease is never touched."""

    region: str

    @property
    def step(self) -> Step:
        return Step(f"rebuild-store/{self.region}", f"make the time-series store of {self.region} a replica", 3600)

    def observe(self, at: Situation) -> Observation:
        if why := self._refusal(at):
            return refused(why)
        found = at.regions[self.region].store.find()
        if found is None:
            return due("it does not exist")
        old = found.uid == at.fact(RecordStore(self.region).step.name, "uid")
        if found.ready and not found.primary and (found.token or not old):
            return done(f"the store of {self.region} follows")
        if not old:
            return waiting(found.reason)
        if at.answers.get(self.step.name) == self._phrase:
            return due(found.reason)
        if not found.unready_since or at.now - found.unready_since < PATIENCE_S:
            return waiting(found.reason)
        text = f"The store of {self.region} does not follow: {found.reason}. It is deleted and made anew as a replica."
        return ask(text, self._phrase)

    def act(self, at: Situation) -> None:
        if why := self._refusal(at):
            raise Refused(why)
        store = at.regions[self.region].store
        if store.find() is not None:
            store.delete()
            return
        manifest = at.fact(RecordStore(self.region).step.name, "manifest")
        if not isinstance(manifest, str):
            raise Refused(f"nobody recorded the store of {self.region}: apply the manifests of its overlay")
        store.create(manifest)

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)

    @property
    def _phrase(self) -> str:
        return f"delete the store of {self.region}"

    def _refusal(self, at: Situation) -> str | None:
        found = held(at.witness)
        if found is None or found[0].region == self.region:
            return f"{self.region} may hold the lease: its store is not to be deleted"
        return None
