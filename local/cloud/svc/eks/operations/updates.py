"""The EKS operations on updates: what was changed, and whether that is done."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.model import Cluster, EksState, Update
from local.cloud.svc.eks.operations.lookup import addon_of, cluster_of, group_of


class UpdateOperations(Service[EksState]):
    def describe_update(self, state: EksState, inputs: Inputs) -> Output:
        cluster = _owner(state, inputs)
        update = cluster.history.get(inputs["updateId"])
        if update is None or not _belongs(update, inputs):
            raise AwsError("ResourceNotFoundException", f"No update found for ID: {inputs['updateId']}")
        return {"update": _described(update)}

    def list_updates(self, state: EksState, inputs: Inputs) -> Output:
        updates = _owner(state, inputs).history.values()
        return {"updateIds": [update.id for update in updates if _belongs(update, inputs)]}


def record(
    cluster: Cluster,
    kind: str,
    params: Mapping[str, Any],
    *,
    node_group: str = "",
    addon: str = "",
    status: str = "Successful",
) -> Output:
    """Records an update of a cluster, or of a part of it; returns the answer of the operation."""
    texts = [{"type": key, "value": _text(value)} for key, value in params.items()]
    update = Update(str(uuid.uuid4()), kind, texts, datetime.now(UTC), status, node_group, addon)
    cluster.history[update.id] = update
    return {"update": _described(update)}


def _described(update: Update) -> Output:
    about = {"id": update.id, "status": update.status, "type": update.type}
    return {**about, "params": update.params, "createdAt": update.created, "errors": []}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _owner(state: EksState, inputs: Inputs) -> Cluster:
    cluster = cluster_of(state, inputs["name"])
    if "nodegroupName" in inputs:
        group_of(cluster, inputs["nodegroupName"])
    if "addonName" in inputs:
        addon_of(cluster, inputs["addonName"])
    return cluster


def _belongs(update: Update, inputs: Inputs) -> bool:
    return (update.node_group, update.addon) == (inputs.get("nodegroupName", ""), inputs.get("addonName", ""))
