"""Reconciles BioStreams."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.biostream import BioStreamSpec
from contracts.platform import KAFKA_BOOTSTRAP, PLATFORM_CONFIG
from contracts.resource import GROUP, DeletionPolicy
from operators.adapters.aws.cloud import Cloud
from operators.adapters.aws.secrets_manager import SecretUnavailable
from operators.adapters.dataflow.lag import LagSample
from operators.adapters.dataflow.metrics import scrape, stalled
from operators.adapters.kafka.admin import KafkaUnreachable, TopicAdmin
from operators.adapters.timeseries import Store, StoreUnavailable
from operators.biostream import topics
from operators.biostream.desired import (
    PORT,
    Dependencies,
    database_secret,
    desired,
    desired_pods,
    scale_of,
    volume_claim,
)
from operators.biostream.scaling import Scale, bounds, decide, with_sample
from operators.biostream.sharing import shared
from operators.controller.events import record_event
from operators.controller.reconciler import Result
from operators.kubernetes import kinds
from operators.kubernetes.apply import apply, live_objects
from operators.kubernetes.client import Client
from operators.kubernetes.conditions import Finding, State, broken, good, waiting
from operators.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, SECRET, SERVICE
from operators.kubernetes.manifest import Manifest, Owner, digest
from operators.kubernetes.resource import is_terminating, parse_spec
from operators.kubernetes.rollout import pod_counts, rollout

TABLES_READY = "TablesReady"
RESPONSE_READY = "ResponseReady"
DATAFLOW_READY = "DataflowReady"
FINALIZER = f"{GROUP}/data"
"""Only on resources whose policy is Delete: the others need no cleanup."""
_FINALIZE_TIMEOUT = timedelta(minutes=2)
_KINDS = [
    kind
    for kind in kinds.OWNED
    if kind.group_version_path in ("/api/v1", "/apis/apps/v1", "/apis/networking.k8s.io/v1")
]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BioStreamReconciler:
    """Reconciler of the kind BioStream. `kafka` returns the admin client for a bootstrap address."""

    client: Client
    cloud: Cloud
    store: Store
    kafka: Callable[[str], TopicAdmin]
    _samples: dict[str, list[LagSample]] = field(default_factory=dict)
    """Recent lag samples of each stream, by its uid."""

    async def reconcile(self, body: Manifest) -> Result:
        """Topics and tables, then the dataflow once both are ready."""
        spec = parse_spec(BioStreamSpec, body)
        if isinstance(spec, Finding):
            return Result([spec], {})
        await self._sync_finalizer(body, spec)
        owner = Owner.of(body)
        config: dict[str, str] = (await self.client.get(CONFIG_MAP, owner.namespace, PLATFORM_CONFIG) or {}).get(
            "data", {}
        )
        url, version = await self._database(owner, spec)
        topic_finding, partitions = await self._topics(spec, config.get(KAFKA_BOOTSTRAP, ""))
        response, address = await self._response(owner, spec)
        secret_finding, secret = await self._secret(spec)
        findings = [topic_finding, await self._tables(spec, url), response, *secret_finding]
        passive = config.get("REGION_ROLE") == "passive"
        live = await live_objects(self.client, owner, _KINDS)
        sample = await scrape(self.client, owner, PORT, spec.source.partitions)
        current, scale, reason = self._scale(owner, spec, _deployment(live), sample)
        if all(finding.state is State.GOOD for finding in findings):
            dependencies = Dependencies(config[KAFKA_BOOTSTRAP], address, secret, version, scale, passive)
            if await apply(self.client, owner, desired(owner, spec, dependencies), live):
                live = await live_objects(self.client, owner, _KINDS)
            if reason:
                message = f"{scale.workers} workers instead of {current.workers}: {reason}"
                _log.info("BioStream %s: %s", owner.name, message)
                await record_event(self.client, body, "Scaled", message)
        deployment = _deployment(live)
        applied = scale_of(deployment)
        dataflow = rollout(DATAFLOW_READY, deployment, desired_pods(passive))
        if dataflow.state is not State.GOOD and (why := await stalled(self.client, owner, PORT)):
            dataflow = broken(DATAFLOW_READY, "SinkStalled", why)
        findings.append(dataflow)
        status: dict[str, Any] = {
            "pods": pod_counts(deployment),
            "workers": applied.workers if applied else None,
            "lag": sample.records if sample else None,
            "lagSeconds": round(sample.seconds, 1) if sample else None,
            "rejectedRecords": sample.rejected if sample else None,
        }
        return Result(findings, status | ({} if partitions is None else {"partitions": partitions}))

    def _scale(
        self, owner: Owner, spec: BioStreamSpec, deployment: Manifest | None, sample: LagSample | None
    ) -> tuple[Scale, Scale, str]:
        """The current scale, the desired one, and the reason if they differ."""
        now = datetime.now(UTC)
        current = scale_of(deployment) or Scale(bounds(spec)[0], now)
        self._samples[owner.uid] = with_sample(self._samples.get(owner.uid, []), sample)
        return current, *decide(spec, current, self._samples[owner.uid], now)

    async def finalize(self, body: Manifest) -> None:
        """Deletes the data if this stream's policy is Delete, but not if only its namespace is deleted.

        Gives up after a while: the finalizer never blocks a resource or its namespace for long.
        """
        if FINALIZER not in body["metadata"].get("finalizers", []):
            return
        spec, owner = parse_spec(BioStreamSpec, body), Owner.of(body)
        try:
            if await self.client.namespace_is_terminating(owner.namespace):
                _log.warning("BioStream %s is deleted with its namespace: its data stays", owner.name)
            elif isinstance(spec, BioStreamSpec) and spec.deletion_policy is DeletionPolicy.DELETE:
                await self._delete_data(owner, spec)
        except (KafkaUnreachable, StoreUnavailable) as error:
            since = datetime.fromisoformat(body["metadata"]["deletionTimestamp"])
            if datetime.now(UTC) - since < _FINALIZE_TIMEOUT:
                raise
            _log.error("BioStream %s loses its finalizer, but its data still exists: %s", owner.name, error)
        await self._patch_finalizers(body, [one for one in body["metadata"]["finalizers"] if one != FINALIZER])

    async def _sync_finalizer(self, body: Manifest, spec: BioStreamSpec) -> None:
        existing = body["metadata"].get("finalizers", [])
        required = spec.deletion_policy is DeletionPolicy.DELETE
        if required != (FINALIZER in existing):
            await self._patch_finalizers(
                body, [*existing, FINALIZER] if required else [one for one in existing if one != FINALIZER]
            )

    async def _patch_finalizers(self, body: Manifest, finalizers: list[str]) -> None:
        meta = {"finalizers": finalizers, "resourceVersion": body["metadata"]["resourceVersion"]}
        await self.client.merge_patch(kinds.BIO_STREAM, body, {"metadata": meta})

    async def _delete_data(self, owner: Owner, spec: BioStreamSpec) -> None:
        if deployment := await self.client.get(DEPLOYMENT, owner.namespace, owner.name):
            await self.client.delete(DEPLOYMENT, deployment)
        claim = kinds.KINDS["v1", "PersistentVolumeClaim"]
        if existing := await self.client.get(claim, owner.namespace, volume_claim(owner)["metadata"]["name"]):
            await self.client.delete(claim, existing)
        others = await self._others(owner)
        if others is None:
            _log.error(
                "BioStream %s: its data stays, since another stream of the namespace is invalid and may use it",
                owner.name,
            )
            return
        used = shared(others)
        config = await self.client.get(CONFIG_MAP, owner.namespace, PLATFORM_CONFIG) or {}
        if bootstrap := config.get("data", {}).get(KAFKA_BOOTSTRAP):
            own = [topic.name for topic in topics.desired_topics(spec) if topic.name not in used.topics]
            await self.kafka(bootstrap).delete(own)
        url, _ = await self._database(owner, spec)
        if url and spec.sink.database not in used.databases:
            await self.store.drop(url)

    async def _others(self, owner: Owner) -> list[BioStreamSpec] | None:
        """The namespace's other streams that are not being deleted; None if one of them is invalid."""
        found = await self.client.list(kinds.BIO_STREAM, owner.namespace)
        specs = [
            parse_spec(BioStreamSpec, body)
            for body in found
            if body["metadata"]["uid"] != owner.uid and not is_terminating(body)
        ]
        valid = [spec for spec in specs if isinstance(spec, BioStreamSpec)]
        return valid if len(valid) == len(specs) else None

    async def _topics(self, spec: BioStreamSpec, bootstrap: str) -> tuple[Finding, int | None]:
        if not bootstrap:
            message = f"ConfigMap {PLATFORM_CONFIG} has no {KAFKA_BOOTSTRAP} yet"
            return waiting(topics.TOPICS_READY, "NotConfigured", message), None
        declared, admin = topics.desired_topics(spec), self.kafka(bootstrap)
        try:
            existing, brokers = await admin.describe(topic.name for topic in declared)
            decision = topics.decide(declared, existing, brokers)
            if isinstance(decision, Finding):
                return decision, existing[spec.source.topic].partitions if spec.source.topic in existing else None
            await admin.apply(decision)
        except KafkaUnreachable as error:
            return broken(topics.TOPICS_READY, "KafkaUnreachable", str(error)), None
        return topics.ready(declared), spec.source.partitions

    async def _database(self, owner: Owner, spec: BioStreamSpec) -> tuple[str, str]:
        """URL of the database and digest of its Secret; empty if CloudNativePG has not created it yet."""
        secret = await self.client.get(SECRET, owner.namespace, database_secret(spec))
        data = (secret or {}).get("data") or {}
        return (base64.b64decode(data["uri"]).decode(), digest(data)) if "uri" in data else ("", "")

    async def _tables(self, spec: BioStreamSpec, url: str) -> Finding:
        if not url:
            return waiting(
                TABLES_READY, "DatabaseMissing", f"Secret {database_secret(spec)} with a uri does not exist yet"
            )
        try:
            kind = await self.store.ensure(url, spec.sink, datetime.now(UTC))
        except StoreUnavailable as error:
            return broken(TABLES_READY, "StoreUnavailable", str(error))
        return good(TABLES_READY, "AsDeclared", f"tables and views exist ({kind})")

    async def _response(self, owner: Owner, spec: BioStreamSpec) -> tuple[Finding, str]:
        name = spec.response.service
        service = await self.client.get(SERVICE, owner.namespace, name)
        if service is None:
            return waiting(RESPONSE_READY, "ServiceMissing", f"Service {name} for events does not exist yet"), ""
        ports = service["spec"]["ports"]
        port = next((one["port"] for one in ports if one.get("name") == "http"), ports[0]["port"])
        return good(RESPONSE_READY, "Found", f"events are sent to {name}"), f"{service['spec']['clusterIP']}:{port}"

    async def _secret(self, spec: BioStreamSpec) -> tuple[list[Finding], str]:
        try:
            return [], await self.cloud.secrets.value(spec.response.secret)
        except SecretUnavailable as error:
            return [broken(RESPONSE_READY + "Secret", "SecretUnavailable", f"{error}; workers keep their value")], ""


def _deployment(live: list[Manifest]) -> Manifest | None:
    return next((one for one in live if one["kind"] == "Deployment"), None)
