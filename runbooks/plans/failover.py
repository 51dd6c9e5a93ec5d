"""failover: a region is lost. The other one serves with what was replicated, once nobody else can write."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.pair import Pair
from contracts.platform import RegionRole
from runbooks.model import Mode
from runbooks.plans.actions import Runbook, runbook
from runbooks.ports import Action
from runbooks.steps.accept_loss import AcceptLoss
from runbooks.steps.await_gateway import AwaitGateway
from runbooks.steps.await_services import AwaitServices
from runbooks.steps.check_replication import CheckReplication
from runbooks.steps.fence_region import FenceRegion
from runbooks.steps.hand_over_lease import HandOverLease
from runbooks.steps.promote_cache import PromoteCache
from runbooks.steps.promote_database import PromoteDatabase
from runbooks.steps.promote_store import PromoteStore
from runbooks.steps.prove_loss import ProveLoss
from runbooks.steps.tell_role import TellRole


def failover(pair: Pair, giving: str) -> Runbook:
    """Nothing but `ProveLoss` looks at the giving region, and from outside; no step asks an API of it."""
    taking = pair.other(giving)
    groups = [
        *take_stores(pair),
        [TellRole(taking, RegionRole.ACTIVE), PromoteStore()],
        [AwaitServices(), AwaitGateway()],
    ]
    return runbook("failover", Mode.UNGRACEFUL, giving, taking, groups)


def take_stores(pair: Pair) -> list[Sequence[Action]]:
    """Until the taking region may write."""
    databases = [PromoteDatabase(name) for name in sorted(pair.databases)]
    return [
        [CheckReplication()],
        [ProveLoss()],
        [FenceRegion(), AcceptLoss()],
        [*databases, PromoteCache()],
        [HandOverLease()],
    ]
