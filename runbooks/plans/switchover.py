"""switchover: both regions work, and exchange their roles without a loss."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.pair import Pair
from contracts.platform import RegionRole
from runbooks.model import Mode
from runbooks.plans.actions import Runbook, runbook
from runbooks.ports import Action
from runbooks.steps.await_catch_up import AwaitCatchUp
from runbooks.steps.await_gateway import AwaitGateway
from runbooks.steps.await_messages import AwaitMessages
from runbooks.steps.await_services import AwaitServices
from runbooks.steps.check_replication import CheckReplication
from runbooks.steps.demote_store import DemoteStore
from runbooks.steps.fence_region import FenceRegion
from runbooks.steps.hand_over_lease import HandOverLease
from runbooks.steps.promote_cache import PromoteCache
from runbooks.steps.promote_database import PromoteDatabase
from runbooks.steps.promote_store import PromoteStore
from runbooks.steps.rebuild_replica import RebuildReplica
from runbooks.steps.record_instance import RecordInstance
from runbooks.steps.renew_state import RenewState
from runbooks.steps.tell_role import TellRole


def switchover(pair: Pair, giving: str) -> Runbook:
    return runbook("switchover", Mode.GRACEFUL, giving, pair.other(giving), exchange(pair, giving))


def exchange(pair: Pair, giving: str) -> list[Sequence[Action]]:
    """Promotion needs the proof of catch-up: there is no step in which a loss could be accepted. Afterwards the old
    primaries are made replicas, so that a next change of roles is possible; no message is in them."""
    taking = pair.other(giving)
    names = sorted(pair.databases)
    records, replicas = rebuild(pair, giving)
    return [
        [CheckReplication()],
        [FenceRegion()],
        [AwaitCatchUp(), TellRole(giving, RegionRole.PASSIVE)],
        [*(PromoteDatabase(name) for name in names), PromoteCache(), DemoteStore()],
        [HandOverLease()],
        [TellRole(taking, RegionRole.ACTIVE), PromoteStore()],
        [AwaitServices(), AwaitGateway()],
        records,
        [AwaitMessages(), *replicas],
        [RenewState()],
    ]


def rebuild(pair: Pair, region: str) -> tuple[Sequence[Action], Sequence[Action]]:
    """Two groups, by which the databases of `region` become replicas."""
    names = sorted(pair.databases)
    return [RecordInstance(name, region) for name in names], [RebuildReplica(name, region) for name in names]
