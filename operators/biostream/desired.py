"""The dataflow of a stream, as objects. Pure."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime

from contracts.biostream import BioStreamSpec
from contracts.resource import GROUP
from operators.biostream.scaling import Scale
from operators.kubernetes import network, pods
from operators.kubernetes.conditions import stamp
from operators.kubernetes.manifest import Manifest, Owner, digest

PORT = 8080
_STATE = "/var/lib/biosync"
_STATE_SIZE = "10Gi"
CONFIG_HASH = f"{GROUP}/config-hash"
SCALED_AT = f"{GROUP}/scaled-at"
"""Annotation: since when there are as many workers as the variable says."""
WORKERS = "WORKERS"


@dataclass(frozen=True)
class Surroundings:
    """`kafka` is the brokers' address, `response` host:port of who answers events, `timeseries` names the version of
    the database's Secret."""

    kafka: str
    response: str
    webhook_secret: str
    timeseries: str
    scale: Scale
    passive: bool = False


def database_secret(spec: BioStreamSpec) -> str:
    """The Secret in which CloudNativePG puts the connection of a Cluster's application user."""
    return f"{spec.sink.database}-app"


def pods_wanted(passive: bool) -> int:
    """One, however many workers: they share a volume, and a state. None in a region that waits."""
    return 0 if passive else 1


def scale_of(deployment: Manifest | None) -> Scale | None:
    """The scale that a Deployment of `desired` was made with; None unless there is one."""
    if deployment is None:
        return None
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    values = {one["name"]: one.get("value", "") for one in container["env"]}
    since = deployment["metadata"].get("annotations", {}).get(SCALED_AT)
    try:
        return Scale(int(values[WORKERS]), datetime.fromisoformat(since))
    except (KeyError, TypeError, ValueError):  # made before there was a scale, or edited
        return None


def desired(owner: Owner, spec: BioStreamSpec, around: Surroundings) -> list[Manifest]:
    """All objects, in the order in which they are to be made."""
    secret = {"WEBHOOK_SECRET": base64.b64encode(around.webhook_secret.encode()).decode()}
    needs = ["kafka", "timeseries", spec.response.service]
    return [
        owner.manifest("v1", "ServiceAccount", owner.name, {"automountServiceAccountToken": False}),
        owner.manifest("v1", "Secret", f"{owner.name}-dataflow", {"type": "Opaque", "data": secret}),
        volume(owner),
        network.policy(owner, [PORT], needs),
        _deployment(owner, spec, around),
    ]


def volume(owner: Owner) -> Manifest:
    """The dataflow's state. It has no owner: what is not said to be deleted outlives its resource."""
    content = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": _STATE_SIZE}}}
    claim = owner.manifest("v1", "PersistentVolumeClaim", f"{owner.name}-state", {"spec": content})
    del claim["metadata"]["ownerReferences"]
    return claim


def _deployment(owner: Owner, spec: BioStreamSpec, around: Surroundings) -> Manifest:
    hashed = digest([around.webhook_secret, around.timeseries])
    content = {
        "replicas": pods_wanted(around.passive),
        "selector": {"matchLabels": owner.selector},
        "strategy": {"type": "Recreate"},  # two at once would read and write one state
        "progressDeadlineSeconds": 180,
        "revisionHistoryLimit": 5,
        "template": {
            "metadata": {
                "labels": owner.labels | {network.needs_label(spec.response.service): "true"},
                "annotations": {CONFIG_HASH: hashed},
            },
            "spec": _pod(owner, spec, around),
        },
    }
    meta = {"annotations": {SCALED_AT: stamp(around.scale.since)}}
    return owner.manifest("apps/v1", "Deployment", owner.name, {"metadata": meta, "spec": content})


def _pod(owner: Owner, spec: BioStreamSpec, around: Surroundings) -> Manifest:
    workers = around.scale.workers
    values = {
        "PORT": str(PORT),
        WORKERS: str(workers),
        "BIOSTREAM_NAME": owner.name,
        "BIOSTREAM_SPEC": json.dumps(spec.declared(), sort_keys=True),
        "KAFKA_BOOTSTRAP": around.kafka,
        "RESPONSE_URL": f"http://{around.response}{spec.response.path}",
        "STATE_DIR": _STATE,
    }
    secrets = [
        _from_secret("TIMESERIES_URL", database_secret(spec), "uri"),
        _from_secret("WEBHOOK_SECRET", f"{owner.name}-dataflow", "WEBHOOK_SECRET"),
    ]
    return {
        "serviceAccountName": owner.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": pods.GRACE_SECONDS,
        **pods.placement(spec.dataflow.placement),
        "volumes": [{"name": "state", "persistentVolumeClaim": {"claimName": f"{owner.name}-state"}}],
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
                "securityContext": pods.SECURITY,
                "volumeMounts": [{"name": "state", "mountPath": _STATE}],
                **pods.probes(start_seconds=120),
            }
        ],
    }


def _from_secret(variable: str, name: str, key: str) -> Manifest:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}
