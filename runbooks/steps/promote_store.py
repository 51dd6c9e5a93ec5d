"""Promote the time-series store of the taking region: with the token of the old one's demotion, or without."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.store_topology import WITHOUT_TOKEN
from runbooks.model import Mode, Observation, Step, done, due, refused, waiting
from runbooks.ports import Refused, Situation
from runbooks.steps.demote_store import DemoteStore
from runbooks.steps.seen import held


@dataclass(frozen=True)
class PromoteStore:
    """The operators promote it, once the region is the active one and the Cluster says how. Nothing is said before the
    region may write: by then everybody of the other one has stopped."""

    step = Step("promote-store", "promote the time-series store", deadline_s=600)

    def observe(self, at: Situation) -> Observation:
        if why := self._refusal(at):
            return refused(why)
        found = at.taking.store.find()
        if found is None:
            return refused(f"{at.plan.taking} has no time-series store: there is nothing to promote")
        if found.primary and found.ready and not found.promoting:
            return done(f"{at.plan.taking} takes rows")
        if not found.primary and found.promotion != self._token(at):
            return due(f"the store of {at.plan.taking} is a replica")
        return waiting(found.reason if found.primary else f"the operators of {at.plan.taking} have not begun")

    def act(self, at: Situation) -> None:
        if why := self._refusal(at):
            raise Refused(why)
        at.taking.store.promote(self._token(at))

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)

    def _token(self, at: Situation) -> str:
        """Raises Refused without one in a graceful plan: what the old store had beyond would be lost."""
        if at.plan.mode is Mode.UNGRACEFUL:
            return WITHOUT_TOKEN
        token = at.fact(DemoteStore.step.name, "token")
        if not isinstance(token, str):
            raise Refused(f"the store of {at.plan.giving} has not said up to where it had written")
        return token

    def _refusal(self, at: Situation) -> str | None:
        found = held(at.witness)
        if found is None or found[0].region != at.plan.taking or found[0].fenced_by:
            return f"{at.plan.taking} may not write yet"
        return None
