"""The objects of a stream's dataflow. Pure."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime

from contracts.biostream import BioStreamSpec
from contracts.connections import KafkaVariables
from contracts.resource import GROUP
from contracts.variables import TIMESERIES_CA_FILE, TIMESERIES_URL
from operators.biostream.scaling import Scale
from operators.kubernetes import network, pod_security, pods
from operators.kubernetes.conditions import rfc3339
from operators.kubernetes.manifest import Manifest, Owner, digest

PORT = 8080
_STATE = "/var/lib/biosync"
_STATE_SIZE = "10Gi"
_STORAGE_CLASS = "gp3"
"""Of manifests/cluster/storage.yaml; EKS has no default class."""
CONFIG_HASH = f"{GROUP}/config-hash"
SCALED_AT = f"{GROUP}/scaled-at"
"""Annotation: since when the number of workers is that in the variable."""
WORKERS = "WORKERS"


@dataclass(frozen=True)
class Dependencies:
    """`response` is host:port of the Service that responds to events, `timeseries` a digest of the database's
    Secret."""

    kafka: KafkaVariables
    response: str
    webhook_secret: str
    timeseries: str
    scale: Scale
    passive: bool = False
    aws: int | None = None
    """The port at which the Pods reach S3; None without a bucket for their snapshots."""


def database_secret(spec: BioStreamSpec) -> str:
    """The Secret in which CloudNativePG stores the connection of a Cluster's application user."""
    return f"{spec.sink.database}-app"


def state_prefix(owner: Owner) -> str:
    """Of the keys of its snapshots in the region's STATE_BUCKET."""
    return f"{owner.namespace}/{owner.name}"


def desired_pods(passive: bool) -> int:
    """One, however many workers: they share a volume and its state. Zero in a passive region."""
    return 0 if passive else 1


def scale_of(deployment: Manifest | None) -> Scale | None:
    """The scale in a Deployment that `desired` made; None if it has none."""
    if deployment is None:
        return None
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    values = {one["name"]: one.get("value", "") for one in container["env"]}
    since = deployment["metadata"].get("annotations", {}).get(SCALED_AT)
    try:
        return Scale(int(values[WORKERS]), datetime.fromisoformat(since))
    except (KeyError, TypeError, ValueError):  # from before scaling existed, or edited
        return None


def desired(owner: Owner, spec: BioStreamSpec, dependencies: Dependencies) -> list[Manifest]:
    """All objects, in the order of their creation."""
    secret = {"WEBHOOK_SECRET": base64.b64encode(dependencies.webhook_secret.encode()).decode()}
    return [
        owner.manifest("v1", "ServiceAccount", owner.name, {"automountServiceAccountToken": False}),
        owner.manifest("v1", "Secret", f"{owner.name}-dataflow", {"type": "Opaque", "data": secret}),
        volume_claim(owner),
        network.network_policy(owner, [PORT], _needs(spec), aws=dependencies.aws),
        _deployment(owner, spec, dependencies),
    ]


def volume_claim(owner: Owner) -> Manifest:
    """The dataflow's state, without ownerReferences: it outlives its resource unless the policy is Delete."""
    content = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": _STATE_SIZE}},
        "storageClassName": _STORAGE_CLASS,
    }
    claim = owner.manifest("v1", "PersistentVolumeClaim", f"{owner.name}-state", {"spec": content})
    del claim["metadata"]["ownerReferences"]
    return claim


def _deployment(owner: Owner, spec: BioStreamSpec, dependencies: Dependencies) -> Manifest:
    kafka = sorted(dependencies.kafka.kafka_client.items())
    hashed = digest([dependencies.webhook_secret, dependencies.timeseries, kafka])
    content = {
        "replicas": desired_pods(dependencies.passive),
        "selector": {"matchLabels": owner.selector},
        "strategy": {"type": "Recreate"},  # two Pods at once would share the state
        "progressDeadlineSeconds": pods.PROGRESS_DEADLINE_SECONDS,
        "revisionHistoryLimit": 5,
        "template": {
            "metadata": {
                "labels": owner.labels | {network.needs_label(need): "true" for need in _needs(spec)},
                "annotations": {CONFIG_HASH: hashed},
            },
            "spec": _pod(owner, spec, dependencies),
        },
    }
    meta = {"annotations": {SCALED_AT: rfc3339(dependencies.scale.since)}}
    return owner.manifest("apps/v1", "Deployment", owner.name, {"metadata": meta, "spec": content})


def _pod(owner: Owner, spec: BioStreamSpec, dependencies: Dependencies) -> Manifest:
    workers = dependencies.scale.workers
    values = {
        "PORT": str(PORT),
        WORKERS: str(workers),
        "BIOSTREAM_NAME": owner.name,
        "BIOSTREAM_SPEC": json.dumps(spec.to_manifest(), sort_keys=True),
        "KAFKA_BOOTSTRAP": dependencies.kafka.kafka_bootstrap,
        "RESPONSE_URL": f"http://{dependencies.response}{spec.response.path}",
        "STATE_DIR": _STATE,
        "STATE_PREFIX": state_prefix(owner),
        TIMESERIES_CA_FILE: pods.DATABASE_CA_FILE,
    }
    secrets = [
        *pods.platform_secrets(["kafka"]),
        _from_secret(TIMESERIES_URL, database_secret(spec), "uri"),
        _from_secret("WEBHOOK_SECRET", f"{owner.name}-dataflow", "WEBHOOK_SECRET"),
    ]
    return {
        "serviceAccountName": owner.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": pods.TERMINATION_GRACE_PERIOD_SECONDS,
        **pods.placement(spec.dataflow.placement),
        "securityContext": pod_security.POD,
        "volumes": [
            pod_security.scratch_volume(),
            {"name": "state", "persistentVolumeClaim": {"claimName": f"{owner.name}-state"}},
            pods.authority_volume(spec.sink.database),
        ],
        "containers": [
            {
                "name": "dataflow",
                "image": spec.dataflow.image,
                "envFrom": [pods.platform_config()],
                "env": pods.environment(values, secrets),
                "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
                "resources": {
                    "requests": {"cpu": f"{500 * workers}m", "memory": f"{512 * workers}Mi"},
                    "limits": {"memory": f"{workers}Gi"},
                },
                "securityContext": pod_security.CONTAINER,
                "terminationMessagePolicy": pods.TERMINATION_MESSAGE_POLICY,
                "volumeMounts": [
                    pod_security.scratch_mount(),
                    {"name": "state", "mountPath": _STATE},
                    pods.authority_mount(),
                ],
                **pods.probes(start_seconds=120),
            }
        ],
    }


def _needs(spec: BioStreamSpec) -> tuple[str, str, str]:
    return "kafka", "timeseries", spec.response.service


def _from_secret(variable: str, name: str, key: str) -> Manifest:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}
