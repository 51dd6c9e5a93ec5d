"""The objects of a candidate: an image that computes beside the running one, and writes nothing. Pure."""

from __future__ import annotations

from contracts.biostream import BioStreamSpec
from contracts.resource import GROUP
from operators.biostream import upgrade
from operators.biostream.desired import (
    CONFIG_HASH,
    PORT,
    Dependencies,
    configuration,
    connections,
    desired,
    program,
    with_image,
)
from operators.biostream.workers import variable
from operators.kubernetes import network, pod_security, pods
from operators.kubernetes.manifest import NAME, Manifest, Owner, digest

REFUSED = f"{GROUP}/refused"
"""Annotation: why the image does not take over."""
COMPARE_KEY = "COMPARE_KEY"
_NEEDS = ("kafka", "timeseries")


def name(owner: Owner) -> str:
    return f"{owner.name}-candidate"


def selector(owner: Owner) -> dict[str, str]:
    """Labels of its Pods: not the workers', and of no resource, whose names have no dot."""
    return {NAME: f"{owner.name}.candidate"}


def key(spec: BioStreamSpec) -> str:
    """Stands for what a candidate of this spec computes, and how it compares."""
    return digest([program(spec), repr(_tolerance(spec))])


def candidate_of(deployment: Manifest | None) -> upgrade.Candidate | None:
    """As its Deployment says."""
    if deployment is None:
        return None
    refused = deployment["metadata"].get("annotations", {}).get(REFUSED, "")
    return upgrade.Candidate(variable(deployment, COMPARE_KEY), refused)


def objects(owner: Owner, spec: BioStreamSpec, dependencies: Dependencies, planned: upgrade.Upgrade) -> list[Manifest]:
    """Those of the workers and of the candidate, if there is to be one, in the order of their creation."""
    workers = desired(owner, with_image(spec, planned.image), dependencies)
    return workers + (desired_candidate(owner, spec, dependencies, planned.candidate) if planned.candidate else [])


def desired_candidate(
    owner: Owner, spec: BioStreamSpec, dependencies: Dependencies, candidate: upgrade.Candidate
) -> list[Manifest]:
    """One Pod for all partitions, with the memory of all workers that there may be; none once the image is refused."""
    policy = network.network_policy(owner, [PORT], _NEEDS, aws=dependencies.aws)
    policy["metadata"]["name"] = name(owner)
    policy["spec"]["podSelector"] = {"matchLabels": selector(owner)}
    content = {
        "replicas": 0 if candidate.refused else 1,
        "selector": {"matchLabels": selector(owner)},
        "strategy": {"type": "Recreate"},
        "progressDeadlineSeconds": pods.PROGRESS_DEADLINE_SECONDS,
        "revisionHistoryLimit": 1,
        "template": {
            "metadata": {
                "labels": owner.labels | selector(owner) | {network.needs_label(need): "true" for need in _NEEDS},
                "annotations": {CONFIG_HASH: dependencies.timeseries},
            },
            "spec": _pod(owner, spec, dependencies),
        },
    }
    refused = {REFUSED: candidate.refused} if candidate.refused else {}
    metadata = {"metadata": {"annotations": refused}}
    return [policy, owner.manifest("apps/v1", "Deployment", name(owner), {**metadata, "spec": content})]


def _pod(owner: Owner, spec: BioStreamSpec, dependencies: Dependencies) -> Manifest:
    values = configuration(owner, spec, dependencies) | {
        "COMPARE_TOLERANCE": repr(_tolerance(spec)),
        COMPARE_KEY: key(spec),
    }
    return {
        "serviceAccountName": owner.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **pods.placement(spec.dataflow.placement),
        "securityContext": pod_security.POD,
        "volumes": [pod_security.scratch_volume(), pods.authority_volume(spec.sink.database)],
        "containers": [
            {
                "name": "candidate",
                "image": spec.dataflow.image,
                "args": ["compare"],
                "envFrom": [pods.platform_config()],
                "env": pods.environment(values, connections(spec)),
                "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
                "resources": {
                    "requests": {"cpu": "500m", "memory": "512Mi"},
                    "limits": {"memory": f"{spec.dataflow.replicas.max}Gi"},
                },
                "securityContext": pod_security.CONTAINER,
                "terminationMessagePolicy": pods.TERMINATION_MESSAGE_POLICY,
                "volumeMounts": [pod_security.scratch_mount(), pods.authority_mount()],
                **pods.probes(start_seconds=120),
            }
        ],
    }


def _tolerance(spec: BioStreamSpec) -> float:
    return spec.dataflow.upgrade.tolerance if spec.dataflow.upgrade else 0.0
