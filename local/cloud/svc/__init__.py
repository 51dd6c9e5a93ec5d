"""The AWS services whose resources have real engines; in each `model` is state, `body` processes, `api` calls."""

from __future__ import annotations

from typing import Any

from local.cloud.service import Service
from local.cloud.svc.eks.api import Eks
from local.cloud.svc.elasticache.api import ElastiCache
from local.cloud.svc.msk.api import Msk
from local.cloud.svc.rds.api import Rds
from local.cloud.world import World


def services(world: World) -> list[Service[Any]]:
    """Clusters last: their nodes use what the others offer, so they go first when everything stops."""
    return [Rds(world), Msk(world), ElastiCache(world), Eks(world)]
