"""Record the Cluster of a time-series store, before it is deleted to be made anew as a replica."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, done, refused, waiting
from runbooks.ports import Situation


@dataclass(frozen=True)
class RecordStore:
    region: str

    @property
    def step(self) -> Step:
        return Step(f"record-store/{self.region}", f"record the time-series store of {self.region}", 180)

    def observe(self, at: Situation) -> Observation:
        store = at.regions[self.region].store
        found = store.find()
        if found is None:
            return refused(f"{self.region} has no time-series store: apply the manifests of its overlay")
        if found.primary:
            return waiting(f"the operators of {self.region} have not made it a replica")
        return done("the store is recorded", manifest=store.manifest(), uid=found.uid)

    def act(self, at: Situation) -> None:
        """Nothing to do: the operators act by the region's role."""

    def verify(self, at: Situation) -> Observation:
        return done()
