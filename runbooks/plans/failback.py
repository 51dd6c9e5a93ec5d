"""failback: the region that was lost is back. Its databases are made replicas, and then the roles are exchanged."""

from __future__ import annotations

from contracts.pair import Pair
from contracts.platform import RegionRole
from runbooks.model import Mode
from runbooks.plans.actions import Runbook, runbook
from runbooks.plans.switchover import exchange, rebuild
from runbooks.steps.rebuild_store import RebuildStore
from runbooks.steps.record_store import RecordStore
from runbooks.steps.tell_role import TellRole


def failback(pair: Pair, giving: str) -> Runbook:
    """From the region that serves now, `giving`, to the one that was lost."""
    taking = pair.other(giving)
    records, replicas = rebuild(pair, taking)
    groups = [
        [TellRole(taking, RegionRole.PASSIVE), RecordStore(taking), *records],
        [RebuildStore(taking), *replicas],
        *exchange(pair, giving),
    ]
    return runbook("failback", Mode.GRACEFUL, giving, taking, groups)
