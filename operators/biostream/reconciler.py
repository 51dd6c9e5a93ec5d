"""Reconciles BioStreams."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from contracts.biostream import BioStreamSpec
from contracts.connections import KafkaClient
from operators.adapters.aws.cloud import Cloud
from operators.adapters.aws.secrets_manager import SecretNotShared, SecretUnavailable
from operators.adapters.dataflow.lag import LagSample
from operators.adapters.dataflow.metrics import scrape, stalled
from operators.adapters.kafka.admin import TopicAdmin
from operators.adapters.standing import ALONE, Standing
from operators.adapters.standing import findings as standing_findings
from operators.adapters.timeseries import Store
from operators.biostream.candidate import objects
from operators.biostream.desired import (
    PORT,
    Dependencies,
    least_pods,
    scale_of,
    state_prefix,
)
from operators.biostream.ensure_tables import Tables
from operators.biostream.ensure_topics import Topics
from operators.biostream.finalizer import Finalizer
from operators.biostream.locations import locate
from operators.biostream.scaling import Scale, bounds, decide, with_sample
from operators.biostream.sharing import Conflict, conflict
from operators.biostream.siblings import Siblings
from operators.biostream.snapshots import snapshot_finding
from operators.biostream.upgrading import deployment_named, plan_upgrade
from operators.biostream.workers import has_run, taking_over
from operators.controller.events import record_event
from operators.controller.reconciler import Result
from operators.kubernetes import kinds
from operators.kubernetes.apply import apply, live_objects
from operators.kubernetes.client import Client
from operators.kubernetes.conditions import SECRETS_SYNCED, Finding, State, broken, good, rfc3339, waiting
from operators.kubernetes.kinds import SERVICE
from operators.kubernetes.manifest import Manifest, Owner
from operators.kubernetes.pod_identity import credentials_finding
from operators.kubernetes.progress import rollout_findings
from operators.kubernetes.resource import parse_spec, reserved_name
from operators.kubernetes.rollout import missing_pods, pod_counts
from operators.kubernetes.services import address

ACCEPTED = "Accepted"
RESPONSE_READY = "ResponseReady"
DATAFLOW_READY = "DataflowReady"
_KINDS = [
    kind
    for kind in kinds.OWNED
    if kind.group_version_path in ("/api/v1", "/apis/apps/v1", "/apis/networking.k8s.io/v1", "/apis/policy/v1")
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
            return Result(findings, where | {"pods": pod_counts(deployment_named(owner.name, live))})
        topic_finding, partitions, owned = await Topics(self.client, self.kafka).ensure(
            body, streams, brokers, standing
        )
        where["topics"] = sorted(owned)
        response, address = await self._response(owner, spec)
        secret_finding, secret = await self._secret(owner, spec)
        findings = [
            good(ACCEPTED, "NoConflict", "no older stream declares anything that excludes this one"),
            topic_finding,
            await Tables(self.store, self.kafka).ensure(found, topic_finding, standing),
            response,
            secret_finding,
        ]
        sample, snapshots = await scrape(self.client, owner, PORT, spec.source.partitions)
        workers = deployment_named(owner.name, live)
        current, scale, reason = self._scale(owner, spec, bool(found.bucket), workers, sample)
        planned = await plan_upgrade(
            self.client, self.cloud.snapshots, owner, spec, live, stopped=passive, bucket=found.bucket
        )
        if brokers and all(finding.state is State.GOOD for finding in findings):
            dependencies = Dependencies(
                brokers,
                address,
                secret,
                found.url_version,
                scale,
                passive,
                found.aws,
                planned.image if planned.proven else has_run(workers),
                taking_over(workers, planned.image, datetime.now(UTC)),
            )
            if await apply(self.client, owner, objects(owner, spec, dependencies, planned), live):
                live = await live_objects(self.client, owner, _KINDS)
            if planned.news:
                _log.info("BioStream %s: %s", owner.name, planned.news)
                await record_event(self.client, body, "Upgrade", planned.news)
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
        deployment = deployment_named(owner.name, live)
        applied = scale_of(deployment)
        findings += [
            *([planned.finding] if planned.finding else []),
            *reserved_name(body),
            *standing_findings(standing),
        ]
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
        deployment = deployment_named(owner.name, live)
        found = await rollout_findings(self.client, DATAFLOW_READY, owner, deployment, least_pods(passive))
        short = deployment is not None and missing_pods(deployment) > 0
        if (found[0].state is not State.GOOD or short) and (why := await stalled(self.client, owner, PORT)):
            return [broken(DATAFLOW_READY, "SinkStalled", why)]
        return found

    def _scale(
        self, owner: Owner, spec: BioStreamSpec, bucket: bool, deployment: Manifest | None, sample: LagSample | None
    ) -> tuple[Scale, Scale, str]:
        """The current scale, the desired one, and the reason if they differ."""
        now = datetime.now(UTC)
        current = scale_of(deployment) or Scale(bounds(spec, bucket)[0], now)
        self._samples[owner.uid] = with_sample(self._samples.get(owner.uid, []), sample)
        complete = deployment is not None and missing_pods(deployment) <= 0
        return current, *decide(spec, bucket, current, complete, self._samples[owner.uid], now)

    async def finalize(self, body: Manifest) -> None:
        await self._finalizer.finalize(body)

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
