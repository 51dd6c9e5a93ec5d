"""Whether what the platform's manifests declare is Ready. What others have in the cluster is told, not waited for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.deploy.cluster import kubectl
from cli.progress.steps import Progress, StepFailed
from local.observe import kube
from local.observe.model import CustomResource, Pod
from local.site import Site

READY_SECONDS = 300
_POLL_SECONDS = 1.0
"""Each look parses every Pod of the cluster, on the processors that start them."""


@dataclass(frozen=True, order=True)
class Declared:
    """A custom resource or a Deployment of the platform itself."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Readiness:
    """What is not Ready and why: of the platform (`missing`), and of others."""

    counts: str
    missing: list[str]
    others: list[str]


def wait_until_ready(site: Site, region: str, log: Path, progress: Progress, *folders: Path) -> str:
    """Waits until every custom resource and Pod that the kustomizations in `folders` declare is Ready.

    Returns their number and what is wrong with those of others. Raises StepFailed with those that are not Ready.
    """
    rendered = [kubectl(site, region, log, progress, "kustomize", str(folder)) for folder in folders]
    declared = declared_names(one for text in rendered for one in yaml.safe_load_all(text))
    api = kube.connect(site.kubeconfig(region))
    deadline = time.monotonic() + READY_SECONDS
    try:
        while True:
            try:
                found = readiness(declared, kube.custom_resources(api, region), kube.pods(api, region))
            except kube.UNAVAILABLE as error:  # a busy machine may keep an answer back for longer than a request lasts
                missing = kube.unavailable_message(region, error)
            else:
                if not found.missing:
                    return "; ".join([found.counts, *(f"not waited for: {other}" for other in found.others)])
                missing = "; ".join(found.missing)
            if time.monotonic() > deadline:
                raise StepFailed(f"after {READY_SECONDS} s still not Ready: {missing}. Read `aura logs POD`.")
            progress(missing)
            time.sleep(_POLL_SECONDS)
    finally:
        api.close()


def declared_names(manifests: Iterable[dict[str, Any] | None]) -> set[Declared]:
    """What the platform's manifests declare that has a Ready condition or Pods."""
    kinds = {*kube.KINDS, "Deployment"}
    return {
        Declared(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"])
        for one in manifests
        if one and one["kind"] in kinds
    }


def readiness(declared: set[Declared], resources: list[CustomResource], pods: list[Pod]) -> Readiness:
    """The state of what is declared, and what is wrong with the rest."""
    workloads = {(one.namespace, one.name) for one in declared}
    existing = {Declared(one.kind, one.namespace, one.name): one for one in resources}
    absent = [one for one in sorted(declared - existing.keys()) if one.kind in kube.KINDS]
    own, others = _split(existing, declared)
    own_pods = [pod for pod in pods if (pod.namespace, pod.app) in workloads]
    other_pods = [pod for pod in pods if (pod.namespace, pod.app) not in workloads]
    return Readiness(
        f"{len(own)} custom resources, {len(own_pods)} Pods",
        [f"{one.kind} {one.name}: does not exist yet" for one in absent] + unready(own, own_pods),
        unready(others, other_pods),
    )


def unready(resources: list[CustomResource], pods: list[Pod]) -> list[str]:
    """What is not Ready and why, custom resources first."""
    return [f"{r.kind} {r.name}: {r.reason}" for r in resources if not r.ready] + [
        f"Pod {p.name}: {p.reason or p.phase}"
        for p in pods
        if not p.ready and p.phase not in ("Succeeded", "Terminating")
    ]


def _split(
    existing: dict[Declared, CustomResource], declared: set[Declared]
) -> tuple[list[CustomResource], list[CustomResource]]:
    own = [one for key, one in existing.items() if key in declared]
    return own, [one for key, one in existing.items() if key not in declared]
