"""The time-series store of one region: the Cluster of CloudNativePG that the operators promote and demote."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from contracts.conditions import READY
from contracts.platform import NAMESPACE
from contracts.store_topology import PROMOTION_TOKEN, STORE
from runbooks.adapters.kubernetes import answers
from runbooks.ports import StoreState

_WHAT = ("postgresql.cnpg.io", "v1", NAMESPACE, "clusters")
_TIMEOUT = 5
_MANAGER = "aura-deploy"
"""Field manager of who applies the manifests: what is made anew stays theirs."""
_NOT_EMPTY = "cnpg.io/skipEmptyWalArchiveCheck"
"""Annotation: it archives where its predecessor did."""
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class RegionStore:
    def __init__(self, region: str, connect: Callable[[], client.ApiClient]) -> None:
        """`connect` may fail while the region does."""
        self._region, self._connect = region, connect

    def find(self) -> StoreState | None:
        found = self._read()
        return _state(found, self._region) if found else None

    def promote(self, token: str) -> None:
        with answers(self._region, self._connect) as api:
            client.CustomObjectsApi(api).patch_namespaced_custom_object(
                *_WHAT, STORE, {"metadata": {"annotations": {PROMOTION_TOKEN: token}}}, _request_timeout=_TIMEOUT
            )

    def manifest(self) -> str | None:
        found = self._read()
        if found is None:
            return None
        metadata = found["metadata"]
        kept = {name: text for name, text in (metadata.get("annotations") or {}).items() if name != _LAST_APPLIED}
        kept.pop(PROMOTION_TOKEN, None)
        recovery = {"source": found["spec"]["replica"]["source"], "database": STORE, "owner": STORE}
        body = {
            "apiVersion": found["apiVersion"],
            "kind": found["kind"],
            "metadata": {
                "name": STORE,
                "labels": metadata.get("labels") or {},
                "annotations": {**kept, _NOT_EMPTY: "enabled"},
            },
            "spec": {**found["spec"], "bootstrap": {"recovery": recovery}},
        }
        return json.dumps(body)

    def delete(self) -> None:
        with answers(self._region, self._connect) as api:
            client.CustomObjectsApi(api).delete_namespaced_custom_object(*_WHAT, STORE, _request_timeout=_TIMEOUT)

    def create(self, manifest: str) -> None:
        with answers(self._region, self._connect) as api:
            client.CustomObjectsApi(api).create_namespaced_custom_object(
                *_WHAT, json.loads(manifest), field_manager=_MANAGER, _request_timeout=_TIMEOUT
            )

    def _read(self) -> dict[str, Any] | None:
        with answers(self._region, self._connect) as api:
            try:
                found: Any = client.CustomObjectsApi(api).get_namespaced_custom_object(
                    *_WHAT, STORE, _request_timeout=_TIMEOUT
                )
            except ApiException as error:
                if error.status == 404:
                    return None
                raise
            return found


def _state(found: Mapping[str, Any], region: str) -> StoreState:
    status, replica = found.get("status") or {}, found["spec"].get("replica") or {}
    condition = next((one for one in status.get("conditions", []) if one["type"] == READY), {})
    deleted = "deletionTimestamp" in found["metadata"]
    generation = found["metadata"].get("generation")
    observed = condition.get("observedGeneration", generation) == generation
    ready = condition.get("status") == "True" and observed and not deleted
    since = condition.get("lastTransitionTime", "")
    wanted = replica.get("promotionToken") or ""
    return StoreState(
        found["metadata"]["uid"],
        ready,
        primary=not replica or replica.get("primary") == region,
        promoting=bool(status.get("demotionToken")) or bool(wanted and status.get("lastPromotionToken") != wanted),
        reason=status.get("phaseReason") or condition.get("message") or status.get("phase") or "no status yet",
        unready_since=0.0 if ready or not since else datetime.fromisoformat(since).timestamp(),
        token=status.get("demotionToken") or "",
        promotion=(found["metadata"].get("annotations") or {}).get(PROMOTION_TOKEN, ""),
    )
