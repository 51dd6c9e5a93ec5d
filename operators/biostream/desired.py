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
_LOST_NODE_SECONDS = 30
"""Before a worker on a node that does not answer is replaced: the node may come back, and the only worker of a stream
is missed by everybody."""
_STORAGE_CLASS = "gp3"
"""Of manifests/cluster/storage.yaml; EKS has no default class."""
SPEC = "BIOSTREAM_SPEC"
CONFIG_HASH = f"{GROUP}/config-hash"
SCALED_AT = f"{GROUP}/scaled-at"
"""Annotation: since when there are as many workers."""
HAS_RUN = f"{GROUP}/has-run"
"""Annotation: the image, once its Pods have been available."""
REPLACED = f"{GROUP}/replaced"
"""Annotation: when the image took over, and from which, as in `2026-01-01T00:00:00Z aura/biosync:1`."""


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
    has_run: str = ""
    """The image of which Pods have been available."""
    replaced: str = ""
    """See REPLACED."""


def database_secret(spec: BioStreamSpec) -> str:
    """The Secret in which CloudNativePG stores the connection of a Cluster's application user."""
    return f"{spec.sink.database}-app"


def state_prefix(owner: Owner) -> str:
    """Of the keys of its snapshots in the region's STATE_BUCKET."""
    return f"{owner.namespace}/{owner.name}"


def least_pods(passive: bool) -> int:
    """With which a stream is served, if not as fast as its beats come."""
    return 0 if passive else 1


def scale_of(deployment: Manifest | None) -> Scale | None:
    """The scale of a Deployment; None without one that serves, or if it does not say since when."""
    if deployment is None:
        return None
    workers, since = deployment["spec"].get("replicas", 1), deployment["metadata"].get("annotations", {}).get(SCALED_AT)
    try:
        return Scale(int(workers), datetime.fromisoformat(since)) if workers else None
    except (TypeError, ValueError):  # from before scaling existed, or edited
        return None


def desired(owner: Owner, spec: BioStreamSpec, dependencies: Dependencies) -> list[Manifest]:
    """All objects, in the order of their creation."""
    bucket = dependencies.aws is not None
    secret = {"WEBHOOK_SECRET": base64.b64encode(dependencies.webhook_secret.encode()).decode()}
    return [
        owner.manifest("v1", "ServiceAccount", owner.name, {"automountServiceAccountToken": False}),
        owner.manifest("v1", "Secret", f"{owner.name}-dataflow", {"type": "Opaque", "data": secret}),
        *([] if bucket else [volume_claim(owner)]),
        network.network_policy(owner, [PORT], _needs(spec), aws=dependencies.aws),
        _deployment(owner, spec, dependencies),
        pods.disruption_budget(owner),
    ]


def volume_claim(owner: Owner) -> Manifest:
    """The state of a dataflow without a bucket, and without ownerReferences: it outlives its resource unless the policy
    is Delete."""
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
        "replicas": 0 if dependencies.passive else dependencies.scale.workers,
        "selector": {"matchLabels": owner.selector},
        "strategy": {"type": "Recreate"},  # Pods of two images or specs would go on from each other's states
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
    # of no workers there is nothing to remember, and a new time would be a change at every reconcile
    since = {} if dependencies.passive else {SCALED_AT: rfc3339(dependencies.scale.since)}
    ran = {HAS_RUN: spec.dataflow.image} if spec.dataflow.image == dependencies.has_run else {}
    before = {REPLACED: dependencies.replaced} if dependencies.replaced else {}
    metadata = {"metadata": {"annotations": since | ran | before}}
    return owner.manifest("apps/v1", "Deployment", owner.name, {**metadata, "spec": content})


def _pod(owner: Owner, spec: BioStreamSpec, dependencies: Dependencies) -> Manifest:
    placement = pods.placement(spec.dataflow.placement)
    tolerations = [*placement.get("tolerations", []), *pods.tolerations_of_a_lost_node(_LOST_NODE_SECONDS)]
    local = {"name": "state", "persistentVolumeClaim": {"claimName": f"{owner.name}-state"}}
    cache = {"name": "state", "emptyDir": {"sizeLimit": _STATE_SIZE}}
    values = configuration(owner, spec, dependencies) | {
        "RESPONSE_URL": f"http://{dependencies.response}{spec.response.path}",
        "STATE_DIR": _STATE,
    }
    secrets = [*connections(spec), _from_secret("WEBHOOK_SECRET", f"{owner.name}-dataflow", "WEBHOOK_SECRET")]
    return {
        "serviceAccountName": owner.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": pods.TERMINATION_GRACE_PERIOD_SECONDS,
        **placement,
        "tolerations": tolerations,
        "topologySpreadConstraints": pods.topology_spread_constraints(owner.selector),
        "securityContext": pod_security.POD,
        "volumes": [
            pod_security.scratch_volume(),
            local if dependencies.aws is None else cache,
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
                    "requests": {"cpu": "500m", "memory": "512Mi"},
                    "limits": {"memory": "1Gi"},
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


def configuration(owner: Owner, spec: BioStreamSpec, dependencies: Dependencies) -> dict[str, str]:
    """Variables of every Pod that computes the stream."""
    return {
        "PORT": str(PORT),
        "BIOSTREAM_NAME": owner.name,
        SPEC: program(spec),
        "KAFKA_BOOTSTRAP": dependencies.kafka.kafka_bootstrap,
        "STATE_PREFIX": state_prefix(owner),
        TIMESERIES_CA_FILE: pods.DATABASE_CA_FILE,
    }


def connections(spec: BioStreamSpec) -> list[Manifest]:
    """The same, from Secrets."""
    return [*pods.platform_secrets(["kafka"]), _from_secret(TIMESERIES_URL, database_secret(spec), "uri")]


def with_image(spec: BioStreamSpec, image: str) -> BioStreamSpec:
    return spec.model_copy(update={"dataflow": spec.dataflow.model_copy(update={"image": image})})


def program(spec: BioStreamSpec) -> str:
    """The spec without how many Pods there are, where, and how they are exchanged: a change of that restarts none."""
    manifest = spec.to_manifest()
    return json.dumps(manifest | {"dataflow": {"image": manifest["dataflow"]["image"]}}, sort_keys=True)


def _needs(spec: BioStreamSpec) -> tuple[str, str, str]:
    return "kafka", "timeseries", spec.response.service


def _from_secret(variable: str, name: str, key: str) -> Manifest:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}
