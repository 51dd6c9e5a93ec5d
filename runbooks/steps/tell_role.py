"""Tell a cluster its role: REGION_ROLE of the ConfigMap `aura-platform`, by which operators scale."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.platform import RegionRole
from runbooks.model import Observation, Step, done, due
from runbooks.ports import Situation


@dataclass(frozen=True)
class TellRole:
    """`pulumi up` writes the same, once the stack's configuration has the roles exchanged."""

    region: str
    role: RegionRole

    @property
    def step(self) -> Step:
        title = f"tell {self.region} that it {'stands by' if self.role is RegionRole.PASSIVE else 'serves'}"
        return Step(f"tell-role/{self.region}/{self.role.value}", title, 60, skippable=True)

    def observe(self, at: Situation) -> Observation:
        role = at.regions[self.region].cluster.role()
        return done(f"{self.region}: {role}", role=role) if role == self.role.value else due(f"{self.region}: {role}")

    def act(self, at: Situation) -> None:
        at.regions[self.region].cluster.set_role(self.role.value)

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)
