"""The AWS services with real engines; in each, `model` is the state, `backing` the processes, `api` the operations."""

from __future__ import annotations

from typing import Any

from local.cloud.context import CloudContext
from local.cloud.service.base import Service
from local.cloud.svc.eks.api import Eks
from local.cloud.svc.eks.pod_identity.api import EksAuth
from local.cloud.svc.elasticache.api import ElastiCache
from local.cloud.svc.msk.api import Msk
from local.cloud.svc.opensearch.api import OpenSearchService
from local.cloud.svc.rds.api import Rds


def services(context: CloudContext) -> list[Service[Any]]:
    """Kubernetes clusters last: their nodes use the others, so they stop first (in reverse order)."""
    return [
        *(Rds(context), Msk(context), ElastiCache(context), OpenSearchService(context)),
        *(EksAuth(context), Eks(context)),
    ]
