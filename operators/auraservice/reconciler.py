"""Reconciles AuraServices."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from contracts.auraservice import AuraServiceSpec, Database
from contracts.platform import AWS_ENDPOINT_URL, OPENSEARCH_URL, REGION_ROLE, WITNESS_BUCKET, RegionRole
from contracts.region_state import REGION_SERVICE
from contracts.variables import AWS, DATABASE_URL, MONITOR_URLS, NO_SERVICES, TIMESERIES
from operators.adapters.aws.claims import Claimant
from operators.adapters.aws.cloud import Cloud
from operators.adapters.aws.rds import (
    DatabaseConflict,
    DatabaseRefused,
    DatabaseUnavailable,
    ReadReplica,
    password_of,
)
from operators.adapters.aws.secrets_manager import SecretNotShared, SecretUnavailable
from operators.adapters.standing import ALONE, Standing
from operators.adapters.standing import findings as standing_findings
from operators.auraservice import status, token_keys
from operators.auraservice.dependencies import (
    TIMESERIES_CLUSTER,
    TIMESERIES_SECRET,
    Dependencies,
    all_needs,
    needs_met,
)
from operators.auraservice.desired import desired, desired_early
from operators.auraservice.monitoring import monitored
from operators.auraservice.workload import awaits_region, min_replicas, replicas_override, secret_name, without_pods
from operators.controller.reconciler import Result
from operators.kubernetes import kinds
from operators.kubernetes.apply import apply, conflicting_owner, live_objects, served_kinds
from operators.kubernetes.client import Client
from operators.kubernetes.conditions import SECRETS_SYNCED, Finding, State, broken, good, waiting
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest, Owner, digest
from operators.kubernetes.platform import platform_configuration
from operators.kubernetes.pod_identity import credentials_finding
from operators.kubernetes.pods import authority_secret
from operators.kubernetes.progress import rollout_findings
from operators.kubernetes.resource import parse_spec, reserved_name
from operators.kubernetes.rollout import pod_counts
from operators.kubernetes.services import address
from operators.timeseries.credentials import is_shared

REPLICAS_MANAGER = f"{FIELD_MANAGER}-floor"
"""Field manager of `replicas` while an autoscaler decides: raises it to the minimum, never removes the field."""


@dataclass(frozen=True)
class AuraServiceReconciler:
    """Reconciler of the kind AuraService."""

    client: Client
    cloud: Cloud
    standing: Callable[[], Standing] = lambda: ALONE
    pod_identity: bool = False
    """Whether the cluster gives Pods their credentials by EKS Pod Identity."""

    async def reconcile(self, body: Manifest) -> Result:
        """Applies a service's objects. A missing dependency is reported, and leaves existing objects as they are."""
        spec = parse_spec(AuraServiceSpec, body)
        if isinstance(spec, Finding):
            return Result([spec], {})
        owner = Owner.of(body)
        served = await served_kinds(self.client)
        owned = [kind for kind in kinds.OWNED if (kind.api_version, kind.name) in served]
        live = await live_objects(self.client, owner, owned)
        if await apply(self.client, owner, desired_early(owner, spec), _matching(live, desired_early(owner, spec))):
            live = await live_objects(self.client, owner, owned)
        dependencies = await self._dependencies(owner, spec, served)
        awaiting = not dependencies.passive and awaits_region(spec, _deployment(live), self.standing().writes)
        if awaiting:
            spec, dependencies = without_pods(spec), replace(dependencies, passive=True)
        dependencies, findings = await self._secrets(owner, spec, dependencies)
        findings = [needs_met(spec, dependencies), *findings]
        if all(finding.state is State.GOOD for finding in findings) and (
            unusable := token_keys.invalid(spec, dependencies.secrets)
        ):
            findings.append(unusable)
        if all(finding.state is State.GOOD for finding in findings):
            await self._override_replicas(owner, spec, live, dependencies.passive)
            if await apply(self.client, owner, desired(owner, spec, dependencies), live):
                live = await live_objects(self.client, owner, owned)
                await self._override_replicas(owner, spec, live, dependencies.passive)
        deployment = _deployment(live)
        least = min_replicas(spec, dependencies.passive)
        if awaiting:
            findings.append(waiting(status.AVAILABLE, "AwaitsRegion", "no Pods before the region may write"))
        else:
            findings += await rollout_findings(self.client, status.AVAILABLE, owner, deployment, least)
        if self.pod_identity and AWS in spec.needs:
            findings.append(await credentials_finding(self.client, owner, datetime.now(UTC)))
        if spec.token_keys and not any(finding.type == token_keys.TOKEN_KEYS for finding in findings):
            consumers = (kinds.KONG_CONSUMER.api_version, kinds.KONG_CONSUMER.name) in served
            findings.append(token_keys.programmed(live, consumers))
        routable = (kinds.HTTP_ROUTE.api_version, kinds.HTTP_ROUTE.name) in served
        routes = await self.client.list(kinds.HTTP_ROUTE, owner.namespace) if routable and spec.routes else []
        findings += [status.routed(owner, spec, live, routable, routes), *reserved_name(body)]
        findings += standing_findings(self.standing())
        return Result(findings, {"pods": pod_counts(deployment), "image": _image(deployment)})

    async def finalize(self, body: Manifest) -> None:
        """Nothing: Kubernetes deletes its dependents, the database stays, and there is no finalizer."""

    async def _dependencies(
        self, owner: Owner, spec: AuraServiceSpec, served: frozenset[tuple[str, str]]
    ) -> Dependencies:
        config = await platform_configuration(self.client, owner.namespace)
        leased = bool(config.get(WITNESS_BUCKET)) and owner.name != REGION_SERVICE
        names = [need for need in all_needs(spec, leased) if need not in NO_SERVICES]
        found = await asyncio.gather(*(self.client.get(kinds.SERVICE, owner.namespace, name) for name in names))
        services = {name: address(one) for name, one in zip(names, found, strict=True) if one}
        timeseries = None
        if TIMESERIES in spec.needs:
            secret = await self.client.get(kinds.SECRET, owner.namespace, TIMESERIES_SECRET)
            authority = await self.client.get(kinds.SECRET, owner.namespace, authority_secret(TIMESERIES_CLUSTER))
            data = (secret or {}).get("data") or {}
            timeseries = digest(data) if data and authority and is_shared(data, config) else None
        passive = config.get(REGION_ROLE) == RegionRole.PASSIVE
        aws = urlsplit(config.get(AWS_ENDPOINT_URL, "")).port or 443
        search = urlsplit(config.get(OPENSEARCH_URL, "")).port or 443
        return Dependencies(config, services, timeseries, {}, served, passive, aws, leased, search)

    async def _secrets(
        self, owner: Owner, spec: AuraServiceSpec, dependencies: Dependencies
    ) -> tuple[Dependencies, list[Finding]]:
        findings: list[Finding] = []
        values: dict[str, str] = {}
        if spec.secrets:
            variable = ""
            try:
                # Previous values last: a rotation in between shows as the same value twice, not as one that is missing.
                for variable, reference in sorted(spec.secrets.items(), key=lambda item: (":" in item[1], item[0])):
                    values[variable] = await self.cloud.secrets.value_for(owner.name, reference)
                findings.append(good(SECRETS_SYNCED, "Synced", f"{len(values)} from AWS Secrets Manager"))
            except (SecretUnavailable, SecretNotShared) as error:
                message = f"variable {variable}: {error}; Pods keep their values"
                findings.append(broken(SECRETS_SYNCED, error.reason, message))
        if spec.database:
            shared = dependencies.config.get(WITNESS_BUCKET, "")
            finding, url = await self._database(owner, spec.database, shared)
            findings.append(finding)
            values |= {DATABASE_URL: url} if url else {}
        if spec.monitors:
            claimant = await self._claimant(owner, dependencies.config.get(WITNESS_BUCKET, ""))
            finding, urls = await monitored(self.cloud, claimant, spec.monitors, writes=self.standing().writes)
            findings.append(finding)
            values |= {MONITOR_URLS: urls} if urls else {}
        return replace(dependencies, secrets=values), findings

    async def _database(self, owner: Owner, database: Database, shared: str) -> tuple[Finding, str]:
        """The finding about the service's role and database, and their URL if they are its own. `shared` is what both
        clusters of a pair have in common, "" for a cluster alone."""
        claimant = await self._claimant(owner, shared)
        stored = await self._stored_password(owner)
        password = stored or secrets.token_urlsafe(24)
        standing = self.standing()
        try:
            if not standing.writes:
                url, state = await self.cloud.databases.fence(claimant, database.instance, database.name, password)
                return good(status.DATABASE, "ReadOnly", f"database {state}: {standing.reason}"), url
            url = await self.cloud.databases.ensure(
                claimant, database.instance, database.name, password, stored=bool(stored)
            )
        except ReadReplica as replica:
            return good(status.DATABASE, "ReadReplica", str(replica)), replica.url
        except DatabaseConflict as error:
            return broken(status.DATABASE, "NameConflict", str(error)), ""
        except DatabaseRefused as error:
            return broken(status.DATABASE, "DatabaseRefused", f"{error}; Pods keep their values"), ""
        except (SecretUnavailable, DatabaseUnavailable) as error:
            return broken(status.DATABASE, "DatabaseUnavailable", f"{error}; Pods keep their values"), ""
        return good(status.DATABASE, "Exists", f"database {database.name} accepts connections"), url

    async def _claimant(self, owner: Owner, shared: str) -> Claimant:
        return Claimant(owner.kind, owner.namespace, owner.name, shared or await self.client.cluster_id())

    async def _stored_password(self, owner: Owner) -> str:
        """The password in the service's own Secret; "" without one."""
        stored = await self.client.get(kinds.SECRET, owner.namespace, secret_name(owner))
        encoded: Mapping[str, str] = (stored or {}).get("data") or {}
        if stored is None or conflicting_owner(stored, owner) or DATABASE_URL not in encoded:
            return ""
        return password_of(base64.b64decode(encoded[DATABASE_URL]).decode(errors="replace"))

    async def _override_replicas(
        self, owner: Owner, spec: AuraServiceSpec, live: list[Manifest], passive: bool
    ) -> None:
        count = replicas_override(spec, _deployment(live), passive)
        if count is not None:
            meta = {"name": owner.name, "namespace": owner.namespace}
            manifest = {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": meta,
                "spec": {"replicas": count},
            }
            await self.client.apply(kinds.DEPLOYMENT, manifest, REPLICAS_MANAGER)


def _matching(live: list[Manifest], desired: list[Manifest]) -> list[Manifest]:
    """Those of `live` that are also in `desired`: the others must not be deleted yet."""
    names = {(one["kind"], one["metadata"]["name"]) for one in desired}
    return [one for one in live if (one["kind"], one["metadata"]["name"]) in names]


def _deployment(live: list[Manifest]) -> Manifest | None:
    return next((one for one in live if one["kind"] == "Deployment"), None)


def _image(deployment: Manifest | None) -> str:
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"] if deployment else ""
