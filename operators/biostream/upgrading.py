"""What the upgrade of a stream's image has come to, as found in the cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from contracts.biostream import BioStreamSpec
from operators.adapters.aws.state_bucket import StateBucket
from operators.adapters.dataflow.comparison import comparison
from operators.biostream import candidate
from operators.biostream.desired import PORT, state_prefix, with_image
from operators.biostream.upgrade import Running, Upgrade, upgrade
from operators.biostream.workers import computes, has_run, replaced
from operators.kubernetes.client import Client
from operators.kubernetes.kinds import POD
from operators.kubernetes.manifest import Manifest, Owner
from operators.kubernetes.pod_problems import problem
from operators.kubernetes.rollout import missing_pods, with_problem


def deployment_named(name: str, live: Iterable[Manifest]) -> Manifest | None:
    return next((one for one in live if one["kind"] == "Deployment" and one["metadata"]["name"] == name), None)


async def plan_upgrade(
    client: Client,
    snapshots: StateBucket,
    owner: Owner,
    spec: BioStreamSpec,
    live: list[Manifest],
    *,
    stopped: bool,
    bucket: str,
) -> Upgrade:
    """What is to run. `stopped`: no workers are to run in this region; `bucket` has the snapshots, empty without."""
    key = candidate.key(spec)
    running = await _running(client, snapshots, owner, spec, live, stopped, bucket)
    known = candidate.candidate_of(deployment_named(candidate.name(owner), live))
    if known is None or known.refused:
        return upgrade(spec.dataflow, key, running, known, None, bool(bucket))
    selector = candidate.selector(owner)
    answer = await comparison(client, owner.namespace, selector, PORT)
    planned = upgrade(spec.dataflow, key, running, known, answer, bool(bucket))
    if answer is not None or planned.candidate is None or planned.finding is None:
        return planned
    found = problem(await client.list(POD, owner.namespace, selector), datetime.now(UTC), [])
    return replace(planned, finding=with_problem(planned.finding, found)[0])


async def _running(
    client: Client,
    snapshots: StateBucket,
    owner: Owner,
    spec: BioStreamSpec,
    live: list[Manifest],
    stopped: bool,
    bucket: str,
) -> Running | None:
    workers, now = deployment_named(owner.name, live), datetime.now(UTC)
    image = has_run(workers)
    if workers is None or not image:
        return None
    found = Running(
        image,
        computes(workers, with_image(spec, image)),
        workers["spec"]["replicas"] > 0 and missing_pods(workers) <= 0,
        replaced=replaced(workers, now),
        stopped=stopped,
    )
    if image == spec.dataflow.image or spec.dataflow.upgrade is None:
        return found
    if stopped:
        return replace(found, elsewhere=await snapshots.software(bucket, state_prefix(owner)) if bucket else "")
    if not workers.get("status", {}).get("availableReplicas", 0):
        failing = problem(await client.list(POD, owner.namespace, owner.selector), now, [])
        return replace(found, failing=failing.message if failing and not failing.transient else "")
    return found
