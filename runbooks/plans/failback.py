"""failback: the region that was lost is back. Its databases are made replicas, and then the roles are exchanged."""

from __future__ import annotations

from contracts.pair import Pair
from contracts.platform import RegionRole
from runbooks.model import Mode
from runbooks.plans.actions import Runbook, runbook
from runbooks.plans.switchover import exchange
from runbooks.steps.rebuild_replica import RebuildReplica
from runbooks.steps.tell_role import TellRole


def failback(pair: Pair, giving: str) -> Runbook:
    """From the region that serves now, `giving`, to the one that was lost."""
    taking = pair.other(giving)
    rebuilt = [RebuildReplica(name, taking) for name in sorted(pair.databases)]
    groups = [[TellRole(taking, RegionRole.PASSIVE), *rebuilt], *exchange(pair, giving)]
    return runbook("failback", Mode.GRACEFUL, giving, taking, groups)
