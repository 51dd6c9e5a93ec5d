"""Deployment of a service and its number of replicas. Pure."""

from __future__ import annotations

from contracts.auraservice import AuraServiceSpec, Database
from contracts.platform import REGION_ROLE
from contracts.region_state import REGION_PATH, REGION_SERVICE
from contracts.variables import (
    REGION_URL,
    TIMESERIES,
    TIMESERIES_CA_FILE,
    TIMESERIES_URL,
    port_variable,
    service_variables,
)
from operators.auraservice.dependencies import TIMESERIES_CLUSTER, TIMESERIES_SECRET, Dependencies, all_needs
from operators.kubernetes import pod_security, pods
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest, Owner, digest, literal
from operators.kubernetes.network import needs_label

CONFIG_HASH = "platform.aurawellness.com/config-hash"
"""Annotation of the Pods: changes with secrets and the platform's configuration, which restarts the Pods."""


def replicas(spec: AuraServiceSpec, passive: bool) -> int | None:
    """The fixed number of Pods, or None if an autoscaler decides between min and max."""
    if passive and spec.replicas.passive is not None:
        return spec.replicas.passive
    return spec.replicas.min if spec.replicas.min == spec.replicas.max else None


def awaits_region(spec: AuraServiceSpec, deployment: Manifest | None, writes: bool) -> bool:
    """Whether a service gets no Pods yet, as its region may not write: its role would still have the password of the
    other region, and its migrations would fail. Pods that are there stay."""
    return spec.database is not None and not writes and not (deployment and deployment["spec"].get("replicas", 1))


def without_pods(spec: AuraServiceSpec) -> AuraServiceSpec:
    """In a passive region."""
    return spec.model_copy(update={"replicas": spec.replicas.model_copy(update={"passive": 0})})


def min_replicas(spec: AuraServiceSpec, passive: bool) -> int:
    """The least number of Pods."""
    fixed = replicas(spec, passive)
    return spec.replicas.min if fixed is None else fixed


def replicas_override(spec: AuraServiceSpec, deployment: Manifest | None, passive: bool) -> int | None:
    """The value to set `replicas` to, under a field manager of its own, if an autoscaler decides; None for no change.

    An autoscaler does not scale a Deployment at 0, a new Deployment starts at 1, and a field that its last manager no
    longer applies falls back to 1, which would be an outage for a service that had a fixed number until now.
    """
    if deployment is None or replicas(spec, passive) is not None:
        return None
    current, least = deployment["spec"].get("replicas", 1), min_replicas(spec, passive)
    ours = any(
        entry.get("manager") == FIELD_MANAGER and "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})
        for entry in deployment["metadata"].get("managedFields", [])
    )
    return max(current, least) if ours or current < least else None


def service_account(owner: Owner) -> Manifest:
    return owner.manifest("v1", "ServiceAccount", owner.name, {"automountServiceAccountToken": False})


def deployment(owner: Owner, spec: AuraServiceSpec, dependencies: Dependencies) -> Manifest:
    count = replicas(spec, dependencies.passive)
    content: Manifest = {
        "selector": {"matchLabels": owner.selector},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "progressDeadlineSeconds": pods.PROGRESS_DEADLINE_SECONDS,
        "revisionHistoryLimit": 5,
        "template": {
            "metadata": {
                "labels": owner.labels | {needs_label(need): "true" for need in all_needs(spec, dependencies.leased)},
                "annotations": {CONFIG_HASH: _config_hash(owner, dependencies)},
            },
            "spec": _pod(owner, spec, dependencies),
        },
    }
    if count is not None:
        content["replicas"] = count
    return owner.manifest("apps/v1", "Deployment", owner.name, {"spec": content})


def secret_name(owner: Owner) -> str:
    return f"{owner.name}-environment"


def _config_hash(owner: Owner, dependencies: Dependencies) -> str:
    """Without the region's role, which only the region service reads: a change of roles must not restart all Pods."""
    ignored = set() if owner.name == REGION_SERVICE else {REGION_ROLE}
    config = sorted((name, value) for name, value in dependencies.config.items() if name not in ignored)
    return digest([config, sorted(dependencies.secrets.items()), dependencies.timeseries])


def _pod(owner: Owner, spec: AuraServiceSpec, dependencies: Dependencies) -> Manifest:
    cpu, memory = spec.resources.cpu, spec.resources.memory
    mounts, volumes = _authority(spec)
    container: Manifest = {
        "name": owner.name,
        "image": spec.image,
        "envFrom": _env_from(owner, dependencies),
        "env": _env(spec, dependencies),
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "securityContext": pod_security.CONTAINER,
        "terminationMessagePolicy": pods.TERMINATION_MESSAGE_POLICY,
        "volumeMounts": [pod_security.scratch_mount(), *mounts],
    }
    ports = [{"name": name, "containerPort": spec.ports[name], "protocol": "TCP"} for name in sorted(spec.ports)]
    pod: Manifest = {
        "serviceAccountName": owner.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": pods.TERMINATION_GRACE_PERIOD_SECONDS,
        "topologySpreadConstraints": pods.topology_spread_constraints(owner.selector),
        **pods.placement(spec.placement),
        "securityContext": pod_security.POD,
        "volumes": [pod_security.scratch_volume(), *volumes],
        "containers": [{**container, "ports": ports, "lifecycle": pods.lifecycle(), **pods.probes(start_seconds=60)}],
    }
    if spec.database and spec.database.migrate:
        pod["initContainers"] = [_migration(container, spec.database)]
    return pod


def _authority(spec: AuraServiceSpec) -> tuple[list[Manifest], list[Manifest]]:
    """What certifies the time-series store: mounts and volumes of a service that needs it."""
    if TIMESERIES not in spec.needs:
        return [], []
    return [pods.authority_mount()], [pods.authority_volume(TIMESERIES_CLUSTER)]


def _migration(container: Manifest, database: Database) -> Manifest:
    return {**container, "name": "migrate", "command": [literal(word) for word in database.migrate or []]}


def _env_from(owner: Owner, dependencies: Dependencies) -> list[Manifest]:
    sources = [pods.platform_config()]
    return [*sources, {"secretRef": {"name": secret_name(owner)}}] if dependencies.secrets else sources


def _env(spec: AuraServiceSpec, dependencies: Dependencies) -> list[Manifest]:
    values = {port_variable(name): str(port) for name, port in spec.ports.items()}
    secrets = pods.platform_secrets(spec.needs)
    for need in spec.needs:
        if address := dependencies.services.get(need):
            host, port = service_variables(need)
            values |= {host: address.host, port: str(address.port)}
        elif need == TIMESERIES:
            key = {"name": TIMESERIES_SECRET, "key": "uri"}
            secrets.append({"name": TIMESERIES_URL, "valueFrom": {"secretKeyRef": key}})
            values[TIMESERIES_CA_FILE] = pods.DATABASE_CA_FILE
    if dependencies.region:
        values[REGION_URL] = f"http://{dependencies.region}{REGION_PATH}"
    return pods.environment(values | spec.env, secrets)
