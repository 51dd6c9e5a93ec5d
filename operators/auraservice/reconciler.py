"""Brings a service to what its resource declares."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.auraservice import AuraServiceSpec
from contracts.platform import PLATFORM_CONFIG
from operators.adapters.aws.cloud import Cloud
from operators.adapters.aws.rds import DatabaseUnavailable, password_of
from operators.adapters.aws.secrets_manager import SecretUnavailable
from operators.auraservice import status
from operators.auraservice.dependencies import (
    CONFIGURED,
    TIMESERIES,
    TIMESERIES_SECRET,
    Address,
    Surroundings,
    needs_met,
)
from operators.auraservice.desired import desired, early
from operators.auraservice.workload import held_replicas, secret_name
from operators.controller.reconciler import Outcome
from operators.kubernetes import kinds
from operators.kubernetes.apply import execute, live_objects, served
from operators.kubernetes.client import Cluster
from operators.kubernetes.conditions import Finding, State, broken, good
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest, Owner, digest
from operators.kubernetes.resource import read
from operators.kubernetes.rollout import pods

FLOOR_MANAGER = f"{FIELD_MANAGER}-floor"
"""Owner of `replicas` while an autoscaler decides: sets the least number, never takes the field back."""
DATABASE_URL = "DATABASE_URL"


@dataclass(frozen=True)
class AuraServices:
    """The operator of AuraServices."""

    cluster: Cluster
    cloud: Cloud

    async def act(self, body: Manifest) -> Outcome:
        """Makes what can be made. What can't be had leaves everything that exists as it is, and is reported."""
        spec = read(AuraServiceSpec, body)
        if isinstance(spec, Finding):
            return Outcome([spec], {})
        owner = Owner.of(body)
        there = await served(self.cluster)
        owned = [kind for kind in kinds.OWNED if (kind.api_version, kind.name) in there]
        live = await live_objects(self.cluster, owner, owned)
        if await execute(self.cluster, owner, early(owner, spec), _alike(live, early(owner, spec))):
            live = await live_objects(self.cluster, owner, owned)
        around = await self._surroundings(owner, spec, there)
        around, findings = await self._secrets(owner, spec, around)
        findings = [needs_met(spec, around), *findings]
        if all(finding.state is State.GOOD for finding in findings):
            await self._hold_replicas(owner, spec, live, around.passive)
            if await execute(self.cluster, owner, desired(owner, spec, around), live):
                live = await live_objects(self.cluster, owner, owned)
                await self._hold_replicas(owner, spec, live, around.passive)
        deployment = _deployment(live)
        findings.append(status.workload_finding(spec, deployment, around.passive))
        routable = (kinds.HTTP_ROUTE.api_version, kinds.HTTP_ROUTE.name) in there
        findings.append(status.routed(owner, spec, live, routable))
        return Outcome(findings, {"pods": pods(deployment), "image": _image(deployment)})

    async def finalize(self, body: Manifest) -> None:
        """Nothing: what it owns goes with it, its database stays, so no finalizer ever holds it back."""

    async def _surroundings(
        self, owner: Owner, spec: AuraServiceSpec, there: frozenset[tuple[str, str]]
    ) -> Surroundings:
        config = await self.cluster.get(kinds.CONFIG_MAP, owner.namespace, PLATFORM_CONFIG) or {}
        names = [need for need in spec.needs if need not in CONFIGURED and need != TIMESERIES]
        found = await asyncio.gather(*(self.cluster.get(kinds.SERVICE, owner.namespace, name) for name in names))
        services = {
            name: Address(one["spec"]["clusterIP"], one["spec"]["ports"][0]["port"])
            for name, one in zip(names, found, strict=True)
            if one
        }
        timeseries = None
        if TIMESERIES in spec.needs:
            secret = await self.cluster.get(kinds.NAMESPACED_SECRET, owner.namespace, TIMESERIES_SECRET)
            timeseries = digest(secret.get("data", {})) if secret else None
        data = config.get("data") or {}
        return Surroundings(data, services, timeseries, {}, there, passive=data.get("REGION_ROLE") == "passive")

    async def _secrets(
        self, owner: Owner, spec: AuraServiceSpec, around: Surroundings
    ) -> tuple[Surroundings, list[Finding]]:
        findings: list[Finding] = []
        values: dict[str, str] = {}
        if spec.secrets:
            try:
                for variable, reference in sorted(spec.secrets.items()):
                    values[variable] = await self.cloud.secrets.value(reference)
                findings.append(good(status.SECRETS, "Synced", f"{len(values)} from AWS Secrets Manager"))
            except SecretUnavailable as error:
                findings.append(broken(status.SECRETS, "SecretUnavailable", f"{error}; Pods keep what they have"))
        if spec.database:
            try:
                password = await self._password(owner)
                values[DATABASE_URL] = await self.cloud.databases.ensure(
                    spec.database.instance, spec.database.name, password
                )
                findings.append(good(status.DATABASE, "Exists", f"database {spec.database.name} takes connections"))
            except (SecretUnavailable, DatabaseUnavailable) as error:
                findings.append(broken(status.DATABASE, "DatabaseUnavailable", f"{error}; Pods keep what they have"))
        return replace(around, secrets=values), findings

    async def _password(self, owner: Owner) -> str:
        """That in the service's Secret, or a new one."""
        stored = await self.cluster.get(kinds.NAMESPACED_SECRET, owner.namespace, secret_name(owner))
        encoded: Mapping[str, str] = (stored or {}).get("data") or {}
        if DATABASE_URL in encoded:
            return password_of(base64.b64decode(encoded[DATABASE_URL]).decode())
        return secrets.token_urlsafe(24)

    async def _hold_replicas(self, owner: Owner, spec: AuraServiceSpec, live: list[Manifest], passive: bool) -> None:
        count = held_replicas(spec, _deployment(live), passive)
        if count is not None:
            meta = {"name": owner.name, "namespace": owner.namespace}
            only = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"replicas": count}}
            await self.cluster.apply(kinds.DEPLOYMENT, only, FLOOR_MANAGER)


def _alike(live: list[Manifest], declared: list[Manifest]) -> list[Manifest]:
    """Those of `live` that are among `declared`: the others are not to be judged yet."""
    names = {(one["kind"], one["metadata"]["name"]) for one in declared}
    return [one for one in live if (one["kind"], one["metadata"]["name"]) in names]


def _deployment(live: list[Manifest]) -> Manifest | None:
    return next((one for one in live if one["kind"] == "Deployment"), None)


def _image(deployment: Manifest | None) -> str:
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"] if deployment else ""
