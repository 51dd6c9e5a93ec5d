"""Deployment of a service and what decides how many of its Pods there are. Pure."""

from __future__ import annotations

from contracts.auraservice import AuraServiceSpec, Database
from operators.auraservice.dependencies import TIMESERIES, TIMESERIES_SECRET, TIMESERIES_URL, Surroundings
from operators.kubernetes import pods
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest, Owner, digest
from operators.kubernetes.network import needs_label

CONFIG_HASH = "platform.aurawellness.com/config-hash"
"""On the Pods: changes when a secret or the platform's configuration does, so that they are rolled."""
PORT = "http"


def replicas(spec: AuraServiceSpec, passive: bool) -> int | None:
    """How many Pods we want, or None where the load decides between min and max."""
    if passive and spec.replicas.passive is not None:
        return spec.replicas.passive
    return spec.replicas.min if spec.replicas.min == spec.replicas.max else None


def floor(spec: AuraServiceSpec, passive: bool) -> int:
    """Pods that there must be at the very least."""
    wanted = replicas(spec, passive)
    return spec.replicas.min if wanted is None else wanted


def held_replicas(spec: AuraServiceSpec, deployment: Manifest | None, passive: bool) -> int | None:
    """What to set `replicas` to, under a manager of its own, where the load decides; None to leave it.

    An autoscaler does not touch a Deployment at 0, Kubernetes starts one at 1, and a field that its last manager no
    longer declares falls back to 1, which would be an outage for a service that had a fixed number until now.
    """
    if deployment is None or replicas(spec, passive) is not None:
        return None
    current, least = deployment["spec"].get("replicas", 1), floor(spec, passive)
    ours = any(
        entry.get("manager") == FIELD_MANAGER and "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})
        for entry in deployment["metadata"].get("managedFields", [])
    )
    return max(current, least) if ours or current < least else None


def service_account(owner: Owner) -> Manifest:
    return owner.manifest("v1", "ServiceAccount", owner.name, {"automountServiceAccountToken": False})


def deployment(owner: Owner, spec: AuraServiceSpec, around: Surroundings) -> Manifest:
    count = replicas(spec, around.passive)
    content: Manifest = {
        "selector": {"matchLabels": owner.selector},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "progressDeadlineSeconds": 120,
        "revisionHistoryLimit": 5,
        "template": {
            "metadata": {
                "labels": owner.labels | {needs_label(need): "true" for need in spec.needs},
                "annotations": {CONFIG_HASH: _config_hash(around)},
            },
            "spec": _pod(owner, spec, around),
        },
    }
    if count is not None:
        content["replicas"] = count
    return owner.manifest("apps/v1", "Deployment", owner.name, {"spec": content})


def autoscaler(owner: Owner, spec: AuraServiceSpec) -> Manifest:
    target = {"type": "Utilization", "averageUtilization": spec.replicas.target_cpu_percent}
    content = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": owner.name},
        "minReplicas": spec.replicas.min,
        "maxReplicas": spec.replicas.max,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return owner.manifest("autoscaling/v2", "HorizontalPodAutoscaler", owner.name, {"spec": content})


def disruption_budget(owner: Owner) -> Manifest:
    """One Pod at a time: a budget of `minAvailable` would keep a node with the only Pod from ever being drained."""
    content = {"selector": {"matchLabels": owner.selector}, "maxUnavailable": 1}
    return owner.manifest("policy/v1", "PodDisruptionBudget", owner.name, {"spec": content})


def secret_name(owner: Owner) -> str:
    return f"{owner.name}-environment"


def _config_hash(around: Surroundings) -> str:
    return digest([sorted(around.config.items()), sorted(around.secrets.items()), around.timeseries])


def _pod(owner: Owner, spec: AuraServiceSpec, around: Surroundings) -> Manifest:
    cpu, memory = spec.resources.cpu, spec.resources.memory
    container: Manifest = {
        "name": owner.name,
        "image": spec.image,
        "envFrom": _env_from(owner, around),
        "env": _env(spec, around),
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "securityContext": pods.SECURITY,
    }
    ports = [{"name": name, "containerPort": spec.ports[name], "protocol": "TCP"} for name in sorted(spec.ports)]
    pod: Manifest = {
        "serviceAccountName": owner.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": pods.GRACE_SECONDS,
        "topologySpreadConstraints": pods.spread(owner.selector),
        **pods.placement(spec.placement),
        "containers": [{**container, "ports": ports, **pods.probes(start_seconds=60)}],
    }
    if spec.database and spec.database.migrate:
        pod["initContainers"] = [_migration(container, spec.database)]
    return pod


def _migration(container: Manifest, database: Database) -> Manifest:
    return {**container, "name": "migrate", "command": list(database.migrate or [])}


def _env_from(owner: Owner, around: Surroundings) -> list[Manifest]:
    sources = [pods.platform_config()]
    return [*sources, {"secretRef": {"name": secret_name(owner)}}] if around.secrets else sources


def _env(spec: AuraServiceSpec, around: Surroundings) -> list[Manifest]:
    values = {f"{_variable(name)}_PORT": str(port) for name, port in spec.ports.items() if name != PORT}
    values["PORT"] = str(spec.ports[PORT])
    secrets: list[Manifest] = []
    for need in spec.needs:
        if address := around.services.get(need):
            values[f"{_variable(need)}_SERVICE_HOST"] = address.host
            values[f"{_variable(need)}_SERVICE_PORT"] = str(address.port)
        elif need == TIMESERIES:
            key = {"name": TIMESERIES_SECRET, "key": "uri"}
            secrets.append({"name": TIMESERIES_URL, "valueFrom": {"secretKeyRef": key}})
    return pods.environment(values | spec.env, secrets)


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")
