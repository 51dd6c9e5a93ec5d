"""Record what a database instance was made with, before it is deleted to be made anew as a replica."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, done, refused
from runbooks.ports import Situation


@dataclass(frozen=True)
class RecordInstance:
    database: str
    region: str

    @property
    def step(self) -> Step:
        title = f"record how {self.database} of {self.region} was made"
        return Step(f"record-instance/{self.region}/{self.database}", title, deadline_s=60, post_recovery=True)

    def observe(self, at: Situation) -> Observation:
        name = at.pair.instance(self.database, self.region)
        databases = at.regions[self.region].databases
        found, settings = databases.find(name), databases.settings(name)
        if found is None or settings is None:
            return refused(f"{name} does not exist in {self.region}: `pulumi up` makes it a replica")
        return done(f"{name} is recorded", settings=settings, resource=found.resource)

    def act(self, at: Situation) -> None:
        """Nothing to do."""

    def verify(self, at: Situation) -> Observation:
        return done()
