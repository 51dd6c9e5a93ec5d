"""Wires kopf's watches to the work queue: an event is a reason to look at a resource, never an order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import kopf

from contracts.platform import PLATFORM_CONFIG
from contracts.resource import GROUP, VERSION
from operators.auraservice.dependencies import TIMESERIES_SECRET
from operators.controller.health import Pulse
from operators.controller.workqueue import Key, WorkQueue
from operators.kubernetes.client import credentials
from operators.kubernetes.kinds import (
    AURA_SERVICE,
    BIO_STREAM,
    CONFIG_MAP,
    LEASE,
    NAMESPACED_SECRET,
    OWNED,
    POD,
    SERVICE,
    Kind,
)
from operators.kubernetes.manifest import FIELD_MANAGER, digest

_INACTIVE_SECONDS = 90
_SERVER_SECONDS = 240
_TOKEN_AGE = timedelta(minutes=5)
_CUSTOM = {AURA_SERVICE.name: AURA_SERVICE, BIO_STREAM.name: BIO_STREAM}


def registry(queue: WorkQueue, pulse: Pulse) -> kopf.OperatorRegistry:
    """All handlers. They only note what to look at: what an event says is old by the time it is read."""
    found = kopf.OperatorRegistry()
    seen: dict[Key, str] = {}

    @kopf.on.login(registry=found)
    def login(**_: Any) -> kopf.ConnectionInfo:
        return connection()

    @kopf.on.startup(registry=found)
    def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.peering.standalone = True
        settings.posting.enabled = False
        settings.watching.server_timeout = _SERVER_SECONDS
        settings.watching.inactivity_timeout = _INACTIVE_SECONDS
        settings.watching.connect_timeout = 10
        settings.networking.request_timeout = 30
        settings.scanning.disabled = False

    async def custom(event: Mapping[str, Any], body: Mapping[str, Any], **_: Any) -> None:
        key = Key(body["kind"], body["metadata"]["namespace"], body["metadata"]["name"])
        fingerprint = declared(body)
        # our own status comes back as an event as well, and is no reason
        if event["type"] == "DELETED" or seen.get(key) != fingerprint:
            seen[key] = fingerprint
            queue.add(key)
        if event["type"] == "DELETED":
            seen.pop(key, None)

    async def owned(body: Mapping[str, Any], **_: Any) -> None:
        for key in owners(body):
            queue.add(key)

    async def needed(body: Mapping[str, Any], **_: Any) -> None:
        for key in queue.keys() if concerns_all(body) else []:
            queue.add(key)

    async def lease(name: str, **_: Any) -> None:
        if name == FIELD_MANAGER:
            pulse.beat()

    for kind in _CUSTOM.values():
        _on_event(found, kind, f"custom-{kind.plural}", custom)
    for kind in (*OWNED, POD):
        _on_event(found, kind, f"owned-{kind.plural}", owned)
    for kind in (CONFIG_MAP, NAMESPACED_SECRET, SERVICE):
        _on_event(found, kind, f"needed-{kind.plural}", needed)
    _on_event(found, LEASE, "lease", lease)
    return found


def connection() -> kopf.ConnectionInfo:
    """Where the API server is and who we are; asked again before the token is renewed under us."""
    configuration = credentials()
    scheme, _, token = (configuration.get_api_key_with_prefix("BearerToken") or "").rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        scheme=scheme or None,
        token=token or None,
        expiration=datetime.now(UTC) + _TOKEN_AGE if token else None,
    )


def declared(body: Mapping[str, Any]) -> str:
    """Changes with everything of a custom resource that people declare, and with its deletion."""
    meta = body["metadata"]
    parts = ("uid", "generation", "annotations", "deletionTimestamp", "finalizers")
    return digest([meta.get(part) and _plain(meta[part]) for part in parts])


def owners(body: Mapping[str, Any]) -> list[Key]:
    """Custom resources for which this object was made, by its owners or, for Pods and data, by its labels."""
    meta = body["metadata"]
    keys = [
        Key(one["kind"], meta["namespace"], one["name"])
        for one in meta.get("ownerReferences", [])
        if one.get("apiVersion") == f"{GROUP}/{VERSION}" and one["kind"] in _CUSTOM
    ]
    labels = meta.get("labels", {})
    if not keys and labels.get("app.kubernetes.io/managed-by") == FIELD_MANAGER:
        name = labels.get("app.kubernetes.io/name", "")
        keys = [Key(kind, meta["namespace"], name) for kind in _CUSTOM]
    return keys


def concerns_all(body: Mapping[str, Any]) -> bool:
    """Whether others than an object's owner depend on it: the platform's facts, the database, Services."""
    kind, name = body["kind"], body["metadata"]["name"]
    return kind == "Service" or (kind, name) in (("ConfigMap", PLATFORM_CONFIG), ("Secret", TIMESERIES_SECRET))


def _on_event(found: kopf.OperatorRegistry, kind: Kind, id: str, handler: Any) -> None:
    group, _, version = kind.api_version.rpartition("/")
    kopf.on.event(group=group, version=version, plural=kind.plural, id=id, registry=found)(handler)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, (list, tuple)) else value
