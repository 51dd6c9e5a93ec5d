"""Brings a stream to what its resource declares."""

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
from operators.adapters.dataflow.lag import Reading
from operators.adapters.dataflow.metrics import reading
from operators.adapters.kafka.admin import KafkaUnreachable, Topics
from operators.adapters.timeseries import Store, StoreUnavailable
from operators.biostream import topics
from operators.biostream.desired import PORT, Surroundings, database_secret, desired, pods_wanted, scale_of, volume
from operators.biostream.scaling import Scale, bounds, decide, remembered
from operators.biostream.sharing import shared
from operators.controller.events import announce
from operators.controller.reconciler import Outcome
from operators.kubernetes import kinds
from operators.kubernetes.apply import execute, live_objects
from operators.kubernetes.client import Cluster
from operators.kubernetes.conditions import Finding, State, broken, good, waiting
from operators.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, NAMESPACED_SECRET, SERVICE
from operators.kubernetes.manifest import Manifest, Owner, digest
from operators.kubernetes.resource import is_going, read
from operators.kubernetes.rollout import pods, rollout

TABLES = "TablesReady"
RESPONSE = "ResponseReady"
DATAFLOW = "DataflowReady"
FINALIZER = f"{GROUP}/data"
"""Only on resources whose policy is Delete: nothing else has to be waited for."""
_PATIENCE = timedelta(minutes=2)
_KINDS = [kind for kind in kinds.OWNED if kind.root in ("/api/v1", "/apis/apps/v1", "/apis/networking.k8s.io/v1")]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BioStreams:
    """The operator of BioStreams. `kafka` gives the topics of the cluster at an address."""

    cluster: Cluster
    cloud: Cloud
    store: Store
    kafka: Callable[[str], Topics]
    _readings: dict[str, list[Reading]] = field(default_factory=dict)
    """What the workers of each stream told lately, by the stream's uid."""

    async def act(self, body: Manifest) -> Outcome:
        """Topics, tables, then the dataflow once both are there."""
        spec = read(BioStreamSpec, body)
        if isinstance(spec, Finding):
            return Outcome([spec], {})
        await self._mark(body, spec)
        owner = Owner.of(body)
        config: dict[str, str] = (await self.cluster.get(CONFIG_MAP, owner.namespace, PLATFORM_CONFIG) or {}).get(
            "data", {}
        )
        url, version = await self._database(owner, spec)
        topic_finding, partitions = await self._topics(spec, config.get(KAFKA_BOOTSTRAP, ""))
        response, address = await self._response(owner, spec)
        secret_finding, secret = await self._secret(spec)
        findings = [topic_finding, await self._tables(spec, url), response, *secret_finding]
        passive = config.get("REGION_ROLE") == "passive"
        live = await live_objects(self.cluster, owner, _KINDS)
        told = await reading(self.cluster, owner, PORT, spec.source.partitions)
        before, scale, why = self._scale(owner, spec, _deployment(live), told)
        if all(finding.state is State.GOOD for finding in findings):
            around = Surroundings(config[KAFKA_BOOTSTRAP], address, secret, version, scale, passive)
            if await execute(self.cluster, owner, desired(owner, spec, around), live):
                live = await live_objects(self.cluster, owner, _KINDS)
            if why:
                message = f"{scale.workers} workers instead of {before.workers}: {why}"
                _log.info("BioStream %s: %s", owner.name, message)
                await announce(self.cluster, body, "Scaled", message)
        deployment = _deployment(live)
        runs = scale_of(deployment)
        findings.append(rollout(DATAFLOW, deployment, pods_wanted(passive)))
        facts: dict[str, Any] = {
            "pods": pods(deployment),
            "workers": runs.workers if runs else None,
            "lag": told.records if told else None,
            "lagSeconds": round(told.seconds, 1) if told else None,
        }
        return Outcome(findings, facts | ({} if partitions is None else {"partitions": partitions}))

    def _scale(
        self, owner: Owner, spec: BioStreamSpec, deployment: Manifest | None, told: Reading | None
    ) -> tuple[Scale, Scale, str]:
        """How many workers there are, how many there shall be, and why if that differs."""
        now = datetime.now(UTC)
        there = scale_of(deployment) or Scale(bounds(spec)[0], now)
        self._readings[owner.uid] = remembered(self._readings.get(owner.uid, []), told)
        return there, *decide(spec, there, self._readings[owner.uid], now)

    async def finalize(self, body: Manifest) -> None:
        """Deletes the data when that was said of this stream; its namespace's end does not say so.

        Gives up after a while: neither a resource nor its namespace is ever held back for long.
        """
        if FINALIZER not in body["metadata"].get("finalizers", []):
            return
        spec, owner = read(BioStreamSpec, body), Owner.of(body)
        try:
            if await self.cluster.namespace_is_going(owner.namespace):
                _log.warning("BioStream %s goes with its namespace: its data stays", owner.name)
            elif isinstance(spec, BioStreamSpec) and spec.deletion_policy is DeletionPolicy.DELETE:
                await self._delete_data(owner, spec)
        except (KafkaUnreachable, StoreUnavailable) as error:
            since = datetime.fromisoformat(body["metadata"]["deletionTimestamp"])
            if datetime.now(UTC) - since < _PATIENCE:
                raise
            _log.error("BioStream %s is let go, but its data is still there: %s", owner.name, error)
        await self._finalizers(body, [one for one in body["metadata"]["finalizers"] if one != FINALIZER])

    async def _mark(self, body: Manifest, spec: BioStreamSpec) -> None:
        there = body["metadata"].get("finalizers", [])
        wanted = spec.deletion_policy is DeletionPolicy.DELETE
        if wanted != (FINALIZER in there):
            await self._finalizers(body, [*there, FINALIZER] if wanted else [one for one in there if one != FINALIZER])

    async def _finalizers(self, body: Manifest, finalizers: list[str]) -> None:
        meta = {"finalizers": finalizers, "resourceVersion": body["metadata"]["resourceVersion"]}
        await self.cluster.merge(kinds.BIO_STREAM, body, {"metadata": meta})

    async def _delete_data(self, owner: Owner, spec: BioStreamSpec) -> None:
        if deployment := await self.cluster.get(DEPLOYMENT, owner.namespace, owner.name):
            await self.cluster.delete(DEPLOYMENT, deployment)
        claim = kinds.KINDS["v1", "PersistentVolumeClaim"]
        if there := await self.cluster.get(claim, owner.namespace, volume(owner)["metadata"]["name"]):
            await self.cluster.delete(claim, there)
        others = await self._others(owner)
        if others is None:
            _log.error("BioStream %s: data stays, since another stream here cannot be read and may use it", owner.name)
            return
        used = shared(others)
        config = await self.cluster.get(CONFIG_MAP, owner.namespace, PLATFORM_CONFIG) or {}
        if bootstrap := config.get("data", {}).get(KAFKA_BOOTSTRAP):
            own = [topic.name for topic in topics.wanted(spec) if topic.name not in used.topics]
            await self.kafka(bootstrap).delete(own)
        url, _ = await self._database(owner, spec)
        if url and spec.sink.database not in used.databases:
            await self.store.drop(url)

    async def _others(self, owner: Owner) -> list[BioStreamSpec] | None:
        """The namespace's other streams that are not being deleted; None when one of them cannot be read."""
        found = await self.cluster.list(kinds.BIO_STREAM, owner.namespace)
        specs = [
            read(BioStreamSpec, body) for body in found if body["metadata"]["uid"] != owner.uid and not is_going(body)
        ]
        readable = [spec for spec in specs if isinstance(spec, BioStreamSpec)]
        return readable if len(readable) == len(specs) else None

    async def _topics(self, spec: BioStreamSpec, bootstrap: str) -> tuple[Finding, int | None]:
        if not bootstrap:
            message = f"ConfigMap {PLATFORM_CONFIG} has no {KAFKA_BOOTSTRAP} yet"
            return waiting(topics.TOPICS, "NotConfigured", message), None
        declared, cluster = topics.wanted(spec), self.kafka(bootstrap)
        try:
            found, brokers = await cluster.found(topic.name for topic in declared)
            decision = topics.decide(declared, found, brokers)
            if isinstance(decision, Finding):
                return decision, found[spec.source.topic].partitions if spec.source.topic in found else None
            await cluster.do(decision)
        except KafkaUnreachable as error:
            return broken(topics.TOPICS, "KafkaUnreachable", str(error)), None
        return topics.ready(declared), spec.source.partitions

    async def _database(self, owner: Owner, spec: BioStreamSpec) -> tuple[str, str]:
        """URL of the database and version of its Secret; empty where CloudNativePG has not made it yet."""
        secret = await self.cluster.get(NAMESPACED_SECRET, owner.namespace, database_secret(spec))
        data = (secret or {}).get("data") or {}
        return (base64.b64decode(data["uri"]).decode(), digest(data)) if "uri" in data else ("", "")

    async def _tables(self, spec: BioStreamSpec, url: str) -> Finding:
        if not url:
            return waiting(TABLES, "DatabaseMissing", f"there is no Secret {database_secret(spec)} with a uri yet")
        try:
            kind = await self.store.ensure(url, spec.sink, datetime.now(UTC))
        except StoreUnavailable as error:
            return broken(TABLES, "StoreUnavailable", str(error))
        return good(TABLES, "AsDeclared", f"tables and views are there ({kind})")

    async def _response(self, owner: Owner, spec: BioStreamSpec) -> tuple[Finding, str]:
        name = spec.response.service
        service = await self.cluster.get(SERVICE, owner.namespace, name)
        if service is None:
            return waiting(RESPONSE, "ServiceMissing", f"there is no Service {name} yet to tell of events"), ""
        ports = service["spec"]["ports"]
        port = next((one["port"] for one in ports if one.get("name") == "http"), ports[0]["port"])
        return good(RESPONSE, "Found", f"events go to {name}"), f"{service['spec']['clusterIP']}:{port}"

    async def _secret(self, spec: BioStreamSpec) -> tuple[list[Finding], str]:
        try:
            return [], await self.cloud.secrets.value(spec.response.secret)
        except SecretUnavailable as error:
            return [broken(RESPONSE + "Secret", "SecretUnavailable", f"{error}; workers keep what they have")], ""


def _deployment(live: list[Manifest]) -> Manifest | None:
    return next((one for one in live if one["kind"] == "Deployment"), None)
