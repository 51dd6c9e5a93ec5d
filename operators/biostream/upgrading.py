"""What the upgrade of a stream's image has come to, as found in the cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from contracts.biostream import BioStreamSpec
from operators.adapters.dataflow.comparison import comparison
from operators.biostream import candidate
from operators.biostream.desired import PORT, computes, has_run, with_image
from operators.biostream.upgrade import Running, Upgrade, upgrade
from operators.kubernetes.client import Client
from operators.kubernetes.kinds import POD
from operators.kubernetes.manifest import Manifest, Owner
from operators.kubernetes.pod_problems import problem
from operators.kubernetes.rollout import missing_pods, with_problem


def deployment_named(name: str, live: Iterable[Manifest]) -> Manifest | None:
    return next((one for one in live if one["kind"] == "Deployment" and one["metadata"]["name"] == name), None)


async def plan_upgrade(
    client: Client, owner: Owner, spec: BioStreamSpec, live: list[Manifest], *, passive: bool, bucket: bool
) -> Upgrade:
    """What is to run; while the candidate does not answer, with what its Pod says."""
    workers = deployment_named(owner.name, live)
    running = None
    if workers is not None and workers["spec"]["replicas"] and not passive and (image := has_run(workers)):
        running = Running(image, computes(workers, with_image(spec, image)), missing_pods(workers) <= 0)
    deployment = deployment_named(candidate.name(owner), live)
    known = candidate.candidate_of(deployment)
    if known is None or known.refused:
        return upgrade(spec.dataflow, running, known, None, bucket)
    selector = candidate.selector(owner)
    answer = await comparison(client, owner.namespace, selector, PORT)
    planned = upgrade(spec.dataflow, running, known, answer, bucket)
    if answer is not None or planned.candidate is None or planned.finding is None:
        return planned
    found = problem(await client.list(POD, owner.namespace, selector), datetime.now(UTC), [])
    return replace(planned, finding=with_problem(planned.finding, found)[0])
