"""Reconciles BioStreams."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from contracts.biostream import BioStreamSpec
from contracts.connections import KafkaClient, KafkaVariables
from contracts.platform import KAFKA_BOOTSTRAP, PLATFORM_CONFIG
from operators.adapters.aws.cloud import Cloud
from operators.adapters.aws.secrets_manager import SecretNotShared, SecretUnavailable
from operators.adapters.dataflow.lag import LagSample
from operators.adapters.dataflow.metrics import scrape, stalled
from operators.adapters.kafka.admin import KafkaRefused, KafkaUnreachable, TopicAdmin
from operators.adapters.kafka.topics import CreateTopic
from operators.adapters.kept import release
from operators.adapters.standing import ALONE, Standing
from operators.adapters.standing import findings as standing_findings
from operators.adapters.timeseries import Store, StoreUnavailable
from operators.biostream import topics
from operators.biostream.desired import (
    PORT,
    Dependencies,
    database_secret,
    desired,
    desired_pods,
    scale_of,
    state_prefix,
)
from operators.biostream.finalizer import Finalizer
from operators.biostream.locations import Locations, locate
from operators.biostream.scaling import Scale, bounds, decide, with_sample
from operators.biostream.sharing import Conflict, conflict, filling, kept_sink, kept_topics, owned_topics
from operators.biostream.siblings import Siblings
from operators.biostream.snapshots import snapshot_finding
from operators.biostream.standby import copied
from operators.controller.events import record_event
from operators.controller.reconciler import Result
from operators.kubernetes import kinds
from operators.kubernetes.apply import apply, live_objects
from operators.kubernetes.client import Client
from operators.kubernetes.conditions import SECRETS_SYNCED, Finding, State, broken, good, rfc3339, waiting
from operators.kubernetes.kinds import SERVICE
from operators.kubernetes.manifest import Manifest, Owner
from operators.kubernetes.pod_identity import credentials_finding
from operators.kubernetes.pods import authority_secret
from operators.kubernetes.progress import rollout_findings
from operators.kubernetes.resource import parse_spec, reserved_name
from operators.kubernetes.rollout import pod_counts
from operators.kubernetes.services import address

ACCEPTED = "Accepted"
TABLES_READY = "TablesReady"
RESPONSE_READY = "ResponseReady"
DATAFLOW_READY = "DataflowReady"
_KINDS = [
    kind
    for kind in kinds.OWNED
    if kind.group_version_path in ("/api/v1", "/apis/apps/v1", "/apis/networking.k8s.io/v1")
]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BioStreamReconciler:
    """Reconciler of the kind BioStream. `kafka` returns the admin client for brokers, which `ca_file` certifies."""

    client: Client
    cloud: Cloud
    store: Store
    kafka: Callable[[KafkaClient], TopicAdmin]
    ca_file: str
    standing: Callable[[], Standing] = lambda: ALONE
    pod_identity: bool = False
    """Whether the cluster gives Pods their credentials by EKS Pod Identity."""
    _samples: dict[str, list[LagSample]] = field(default_factory=dict)
    """Recent lag samples of each stream, by its uid."""

    async def reconcile(self, body: Manifest) -> Result:
        """Topics and tables, then the dataflow once both are ready. A stream that cannot live beside an older one stays
        as it is."""
        spec = parse_spec(BioStreamSpec, body)
        if isinstance(spec, Finding):
            return Result([spec], {})
        await self._finalizer.sync(body, spec)
        owner = Owner.of(body)
        found = await locate(self.client, body, spec, self.ca_file)
        standing = self.standing()
        brokers, streams, passive = found.brokers, found.streams, found.passive or not standing.writes
        where: dict[str, Any] = {"kafka": streams.mine.kafka, "database": streams.mine.store}
        where["topics"] = sorted(streams.mine.topics)
        live = await live_objects(self.client, owner, _KINDS)
        if refused := _refused(streams):
            findings = [refused, *await self._rollout(owner, live, passive), *standing_findings(standing)]
            return Result(findings, where | {"pods": pod_counts(_deployment(live))})
        topic_finding, partitions, owned = await self._topics(body, streams, brokers, standing)
        where["topics"] = sorted(owned)
        response, address = await self._response(owner, spec)
        secret_finding, secret = await self._secret(owner, spec)
        findings = [
            good(ACCEPTED, "NoConflict", "no older stream declares anything that excludes this one"),
            topic_finding,
            await self._tables(found, topic_finding, standing),
            response,
            secret_finding,
        ]
        sample, snapshots = await scrape(self.client, owner, PORT, spec.source.partitions)
        current, scale, reason = self._scale(owner, spec, _deployment(live), sample)
        if brokers and all(finding.state is State.GOOD for finding in findings):
            dependencies = Dependencies(brokers, address, secret, found.url_version, scale, passive, found.aws)
            if await apply(self.client, owner, desired(owner, spec, dependencies), live):
                live = await live_objects(self.client, owner, _KINDS)
            if reason:
                message = f"{scale.workers} workers instead of {current.workers}: {reason}"
                _log.info("BioStream %s: %s", owner.name, message)
                await record_event(self.client, body, "Scaled", message)
        findings += await self._rollout(owner, live, passive)
        if self.pod_identity and found.bucket:
            findings.append(await credentials_finding(self.client, owner, datetime.now(UTC)))
        if found.bucket and not passive:
            where_snapshots = f"s3://{found.bucket}/{state_prefix(owner)}/"
            findings.append(snapshot_finding(where_snapshots, snapshots, spec.source.partitions, datetime.now(UTC)))
        deployment = _deployment(live)
        applied = scale_of(deployment)
        findings += [*reserved_name(body), *standing_findings(standing)]
        status: dict[str, Any] = {
            **where,
            "pods": pod_counts(deployment),
            "workers": applied.workers if applied else None,
            "lag": sample.records if sample else None,
            "lagSeconds": round(sample.seconds, 1) if sample else None,
            "snapshotTime": rfc3339(snapshots.oldest) if snapshots and snapshots.oldest else None,
            "rejectedRecords": sample.rejected if sample else None,
        }
        return Result(findings, status | ({} if partitions is None else {"partitions": partitions}))

    @property
    def _finalizer(self) -> Finalizer:
        return Finalizer(self.client, self.cloud, self.store, self.kafka, self.ca_file)

    async def _rollout(self, owner: Owner, live: list[Manifest], passive: bool) -> list[Finding]:
        deployment = _deployment(live)
        found = await rollout_findings(self.client, DATAFLOW_READY, owner, deployment, desired_pods(passive))
        if found[0].state is not State.GOOD and (why := await stalled(self.client, owner, PORT)):
            return [broken(DATAFLOW_READY, "SinkStalled", why)]
        return found

    def _scale(
        self, owner: Owner, spec: BioStreamSpec, deployment: Manifest | None, sample: LagSample | None
    ) -> tuple[Scale, Scale, str]:
        """The current scale, the desired one, and the reason if they differ."""
        now = datetime.now(UTC)
        current = scale_of(deployment) or Scale(bounds(spec)[0], now)
        self._samples[owner.uid] = with_sample(self._samples.get(owner.uid, []), sample)
        return current, *decide(spec, current, self._samples[owner.uid], now)

    async def finalize(self, body: Manifest) -> None:
        await self._finalizer.finalize(body)

    async def _topics(
        self, body: Manifest, streams: Siblings, brokers: KafkaVariables | None, standing: Standing
    ) -> tuple[Finding, int | None, frozenset[str]]:
        """The finding, the partitions of the source, and which topics are the stream's own."""
        mine = streams.mine.topics
        if brokers is None:
            message = f"ConfigMap {PLATFORM_CONFIG} has no {KAFKA_BOOTSTRAP} yet"
            return waiting(topics.TOPICS_READY, "NotConfigured", message), None, mine
        if not standing.writes:
            untouched = f"topics are not changed: {standing.reason}"
            return good(topics.TOPICS_READY, "LeftAsTheyAre", untouched), None, mine
        declared, source = kept_topics(streams.mine, streams.others), streams.mine.spec.source
        made = mine
        try:
            admin = self.kafka(brokers.kafka_client)
            state = await admin.describe(topic.name for topic in declared)
            owned = owned_topics(streams.mine, streams.others)
            decision = topics.decide(declared, state, owned)
            if isinstance(decision, Finding):
                found = state.topics.get(source.topic)
                return decision, found.partitions if found else None, mine
            mine = made = mine | owned.intersection(topic.name for topic in declared)
            for change in decision:
                if isinstance(change, CreateTopic):
                    made = mine | {change.topic.name}
                    await self._record(body, made)
                await admin.apply([change])
                mine = made
        except KafkaUnreachable as error:  # it may have been made
            return broken(topics.TOPICS_READY, "KafkaUnreachable", str(error)), None, made
        except KafkaRefused as error:
            if made != mine:
                await self._record(body, mine)
            return (
                broken(topics.TOPICS_READY, error.reason, f"{error}; existing topics are left as they are"),
                None,
                mine,
            )
        return topics.ready(declared, mine), source.partitions, mine

    async def _record(self, body: Manifest, own: frozenset[str]) -> None:
        """Before a topic is made: whatever ends this process then, it is known whose the topic is."""
        status = {} if body.get("status") else {"observedGeneration": 0, "conditions": []}
        await self.client.merge_patch(kinds.BIO_STREAM, body, {"status": {**status, "topics": sorted(own)}}, "status")

    async def _tables(self, found: Locations, topic: Finding, standing: Standing) -> Finding:
        streams, spec = found.streams, found.streams.mine.spec
        if not found.url:
            return waiting(
                TABLES_READY, "DatabaseMissing", f"Secret {database_secret(spec)} with a uri does not exist yet"
            )
        if not found.authority:
            missing = authority_secret(spec.sink.database)
            return waiting(TABLES_READY, "DatabaseMissing", f"Secret {missing} with a ca.crt does not exist yet")
        sink = kept_sink(streams.mine, streams.others)
        try:
            if copy := await self.store.copy(found.url, spec.sink.database, found.authority):
                newest = await self._newest(found) if topic.state is State.GOOD else None
                return copied(TABLES_READY, found, copy, newest, datetime.now(UTC))
            if not standing.writes:
                state = await self.store.fence(found.url, sink, found.authority)
                return good(TABLES_READY, "ReadOnly", f"database {state}: {standing.reason}")
            fillers = filling(streams.mine, streams.others)
            now, stream = datetime.now(UTC), str(streams.mine)
            tables = await self.store.ensure(found.url, sink, now, stream, fillers, found.authority)
        except StoreUnavailable as error:
            return broken(TABLES_READY, "StoreUnavailable", str(error))
        message = f"tables and views exist ({tables.partitioning})"
        if tables.kept.stream not in fillers:
            message += f"; rows are kept {tables.kept.retention}, as BioStream {tables.kept.stream} declared, which is"
            message += f" gone; to let its rows go earlier, run as their owner: {release()}"
        elif tables.kept.retention != spec.sink.retention:
            message += f"; rows are kept {tables.kept.retention}, as a stream that shares them declares"
        return good(TABLES_READY, "AsDeclared", message)

    async def _newest(self, found: Locations) -> datetime | None:
        """Of the newest record that was copied here; None if there is none, or the brokers do not say."""
        source = found.streams.mine.spec.source
        if found.brokers is None:
            return None
        try:
            return await self.kafka(found.brokers.kafka_client).newest(source.topic, source.partitions)
        except (KafkaUnreachable, KafkaRefused) as error:
            _log.warning("topic %s: age of its newest record is not known: %s", source.topic, error)
            return None

    async def _response(self, owner: Owner, spec: BioStreamSpec) -> tuple[Finding, str]:
        name = spec.response.service
        service = await self.client.get(SERVICE, owner.namespace, name)
        if service is None:
            return waiting(RESPONSE_READY, "ServiceMissing", f"Service {name} for events does not exist yet"), ""
        where = address(service)
        if where is None:
            message = f"Service {name} for events has no cluster IP or no port: it is headless or an ExternalName"
            return broken(RESPONSE_READY, "ServiceUnusable", f"{message}; events wait until it has both"), ""
        return good(RESPONSE_READY, "Found", f"events are sent to {name}"), str(where)

    async def _secret(self, owner: Owner, spec: BioStreamSpec) -> tuple[Finding, str]:
        try:
            secret = await self.cloud.secrets.value_for(owner.name, spec.response.secret)
        except (SecretUnavailable, SecretNotShared) as error:
            return broken(SECRETS_SYNCED, error.reason, f"{error}; workers keep their value"), ""
        return good(SECRETS_SYNCED, "Synced", f"{spec.response.secret} from AWS Secrets Manager"), secret


_INTACT = "nothing is changed for this stream, and what it already runs goes on"


def _refused(streams: Siblings) -> Finding | None:
    """Why the stream can't live beside the others; None if it can."""
    if streams.touching:
        message = f"BioStream {streams.touching[0]} may use the same topics or tables, and its spec is invalid"
        remedy = "correct it, or delete it: its data stays unless its deletionPolicy is Delete"
        return broken(ACCEPTED, "SiblingInvalid", f"{message}; {_INTACT}; {remedy}")
    found = conflict(streams.mine, streams.others)
    return found and _refusal(found)


def _refusal(found: Conflict) -> Finding:
    remedy = "declare the same in both, or another topic or sink.database"
    message = f"BioStream {found.other} is older: {found.difference}; {_INTACT}; {remedy}"
    return broken(ACCEPTED, "Conflict", message)


def _deployment(live: list[Manifest]) -> Manifest | None:
    return next((one for one in live if one["kind"] == "Deployment"), None)
