"""Say how Pulumi's state is told of databases that were made anew: it names the instances that are gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runbooks.model import Observation, Step, done
from runbooks.ports import Situation
from runbooks.steps.rebuild_replica import RebuildReplica
from runbooks.steps.record_instance import RecordInstance

NAME = "renew-state"


@dataclass(frozen=True)
class RenewState:
    """The provider knows an instance by its resource id, which another one of the same name does not have
    (terraform-provider-aws 5.0, pull request 31232): a refresh would drop it from the state, and the next update fail,
    as its name is taken.

    The command is a person's: runbooks need no state of Pulumi, and its region may be the lost one.
    """

    @property
    def step(self) -> Step:
        return Step(NAME, "say what Pulumi's state has to be told", deadline_s=60, post_recovery=True)

    def observe(self, at: Situation) -> Observation:
        anew = {}
        for database in sorted(at.pair.databases):
            for region in sorted(at.regions):
                old = at.fact(RecordInstance(database, region).step.name, "resource")
                new = at.fact(RebuildReplica(database, region).step.name, "resource")
                if old and new and old != new:
                    anew[str(old)] = str(new)
        return done(told(anew), instances=len(anew)) if anew else done("no database was made anew")

    def act(self, at: Situation) -> None:
        """Nothing to do."""

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)


def told(anew: Mapping[str, str]) -> str:
    """For a person, with the command on a line of its own. `anew` are resource ids, the new by the old."""
    return (
        "Before the next `pulumi up` or `pulumi refresh`, with the stack selected, run\n"
        f"{command(anew)}\n"
        "and exchange active and passive in its configuration; it may be run twice"
    )


def command(anew: Mapping[str, str]) -> str:
    """Of a shell: only ids change, so what depends on an instance, its parent and its secrets stay as they are. It has
    no `|`, which tables of Markdown would alter."""
    changes = "; ".join(f"s/{old}/{new}/g" for old, new in anew.items())
    steps = (
        "pulumi stack export --file state.json",
        f"sed -i.old '{changes}' state.json",
        "pulumi stack import --file state.json",
        "rm state.json state.json.old",
    )
    return " && ".join(steps)
