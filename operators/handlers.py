"""Connects kopf's watches to the work queue: an event only enqueues a resource, it carries no instruction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import kopf

from contracts.platform import PLATFORM_CONFIG
from contracts.resource import GROUP, VERSION
from contracts.store_topology import STORE
from operators.auraservice.dependencies import TIMESERIES_CLUSTER, TIMESERIES_SECRET
from operators.controller.health import Liveness
from operators.controller.workqueue import Key, WorkQueue
from operators.kubernetes.client import load_configuration
from operators.kubernetes.kinds import (
    AURA_SERVICE,
    BIO_STREAM,
    CLUSTER,
    CONFIG_MAP,
    HORIZONTAL_POD_AUTOSCALER,
    LEASE,
    OWNED,
    POD,
    SECRET,
    SERVICE,
    Kind,
)
from operators.kubernetes.manifest import FIELD_MANAGER, digest
from operators.kubernetes.pods import authority_secret

_INACTIVITY_TIMEOUT_SECONDS = 90
_SERVER_TIMEOUT_SECONDS = 240
_TOKEN_LIFETIME = timedelta(minutes=5)
_SHARED = {
    ("ConfigMap", PLATFORM_CONFIG),
    *(("Secret", name) for name in (PLATFORM_CONFIG, TIMESERIES_SECRET, authority_secret(TIMESERIES_CLUSTER))),
}
_CUSTOM_KINDS = {AURA_SERVICE.name: AURA_SERVICE, BIO_STREAM.name: BIO_STREAM}


def registry(queue: WorkQueue, liveness: Liveness) -> kopf.OperatorRegistry:
    """All handlers. They only enqueue keys: the object in an event is stale by the time it is handled."""
    handlers = kopf.OperatorRegistry()
    seen: dict[Key, str] = {}

    @kopf.on.login(registry=handlers)
    def login(**_: Any) -> kopf.ConnectionInfo:
        return connection()

    @kopf.on.startup(registry=handlers)
    def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.peering.standalone = True
        settings.posting.enabled = False
        settings.watching.server_timeout = _SERVER_TIMEOUT_SECONDS
        settings.watching.inactivity_timeout = _INACTIVITY_TIMEOUT_SECONDS
        settings.watching.connect_timeout = 10
        settings.networking.request_timeout = 30
        settings.scanning.disabled = False

    def changed(event: Mapping[str, Any], key: Key, current: str) -> bool:
        """Whether the object is gone, or `current` is another digest than that of its event before."""
        if event["type"] == "DELETED":
            seen.pop(key, None)
            return True
        before, seen[key] = seen.get(key), current
        return before != current

    async def custom(event: Mapping[str, Any], body: Mapping[str, Any], **_: Any) -> None:
        key = _key(body)
        # our own status updates come back as events too, and need no reconcile
        if changed(event, key, fingerprint(body)):
            queue.add(key)
            for sibling in queue.keys(key.kind) if key.kind == BIO_STREAM.name else []:
                queue.add(sibling)  # streams share topics and tables: one waits for the end of another's conflict

    async def store(event: Mapping[str, Any], body: Mapping[str, Any], **_: Any) -> None:
        key = _key(body)
        # CloudNativePG writes its status often
        if key.name == STORE and changed(event, key, fingerprint(body)):
            queue.add(key)

    async def owned(body: Mapping[str, Any], **_: Any) -> None:
        for key in owners(body):
            queue.add(key)

    async def autoscaler(event: Mapping[str, Any], body: Mapping[str, Any], **_: Any) -> None:
        # its controller writes each measurement into its status, which decides nothing here
        if changed(event, _key(body), declaration(body)):
            await owned(body)

    async def dependency(body: Mapping[str, Any], **_: Any) -> None:
        for key in queue.keys() if is_shared_dependency(body) else []:
            queue.add(key)

    async def lease(name: str, **_: Any) -> None:
        if name == FIELD_MANAGER:
            liveness.on_renewal()

    for kind in _CUSTOM_KINDS.values():
        _on_event(handlers, kind, f"custom-{kind.plural}", custom)
    _on_event(handlers, CLUSTER, "store", store)
    for kind in (*OWNED, POD):
        handler = autoscaler if kind == HORIZONTAL_POD_AUTOSCALER else owned
        _on_event(handlers, kind, f"owned-{kind.plural}", handler)
    for kind in (CONFIG_MAP, SECRET, SERVICE):
        _on_event(handlers, kind, f"dependency-{kind.plural}", dependency)
    _on_event(handlers, LEASE, "lease", lease)
    return handlers


def connection() -> kopf.ConnectionInfo:
    """Address and credentials of the API server; they expire before the token does, so that kopf logs in again."""
    configuration = load_configuration()
    scheme, _, token = (configuration.get_api_key_with_prefix("BearerToken") or "").rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        scheme=scheme or None,
        token=token or None,
        expiration=datetime.now(UTC) + _TOKEN_LIFETIME if token else None,
    )


def fingerprint(body: Mapping[str, Any]) -> str:
    """A digest of what users declare in a custom resource; it also changes when the resource is deleted."""
    meta = body["metadata"]
    parts = ("uid", "generation", "annotations", "deletionTimestamp", "finalizers")
    return digest([meta.get(part) and _to_builtin(meta[part]) for part in parts])


def declaration(body: Mapping[str, Any]) -> str:
    """A digest of an object's metadata and spec, without its status: for kinds whose objects have no generation."""
    meta = body["metadata"]
    parts = [meta.get(part) for part in ("uid", "labels", "annotations", "ownerReferences", "deletionTimestamp")]
    return digest([part and _to_builtin(part) for part in (*parts, body.get("spec"))])


def owners(body: Mapping[str, Any]) -> list[Key]:
    """Keys of the custom resources that own this object, by its ownerReferences or, for Pods and data, its labels."""
    meta = body["metadata"]
    keys = [
        Key(one["kind"], meta["namespace"], one["name"])
        for one in meta.get("ownerReferences", [])
        if one.get("apiVersion") == f"{GROUP}/{VERSION}" and one["kind"] in _CUSTOM_KINDS
    ]
    labels = meta.get("labels", {})
    if not keys and labels.get("app.kubernetes.io/managed-by") == FIELD_MANAGER:
        name = labels.get("app.kubernetes.io/name", "")
        keys = [Key(kind, meta["namespace"], name) for kind in _CUSTOM_KINDS]
    return keys


def is_shared_dependency(body: Mapping[str, Any]) -> bool:
    """Whether resources other than its owner depend on an object: the platform's configuration, the database,
    Services."""
    kind, name = body["kind"], body["metadata"]["name"]
    return kind == "Service" or (kind, name) in _SHARED


def _on_event(handlers: kopf.OperatorRegistry, kind: Kind, id: str, handler: Any) -> None:
    group, _, version = kind.api_version.rpartition("/")
    kopf.on.event(group=group, version=version, plural=kind.plural, id=id, registry=handlers)(handler)


def _key(body: Mapping[str, Any]) -> Key:
    return Key(body["kind"], body["metadata"]["namespace"], body["metadata"]["name"])


def _to_builtin(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, (list, tuple)) else value
