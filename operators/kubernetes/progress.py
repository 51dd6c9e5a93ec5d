"""The state of a rollout with the reason of its Pods, as found in the cluster."""

from __future__ import annotations

from datetime import UTC, datetime

from operators.kubernetes.client import ApiError, Client
from operators.kubernetes.conditions import Finding, State
from operators.kubernetes.kinds import EVENT, POD
from operators.kubernetes.manifest import Manifest, Owner
from operators.kubernetes.pod_problems import is_stuck_without_reason, problem
from operators.kubernetes.rollout import missing_pods, rollout, with_problem


async def rollout_findings(
    client: Client, type: str, owner: Owner, deployment: Manifest | None, min_available: int
) -> list[Finding]:
    """`rollout`, but with what the Pods themselves say while not all of them are available."""
    finding = rollout(type, deployment, min_available)
    if deployment is None or (finding.state is State.GOOD and not missing_pods(deployment)):
        return [finding]
    pods = await client.list(POD, owner.namespace, owner.labels)
    if finding.state is State.GOOD:  # one that was evicted stays in the list for weeks, and is not missed
        pods = [pod for pod in pods if pod["status"].get("phase") not in ("Failed", "Succeeded")]
    stuck = [pod for pod in pods if is_stuck_without_reason(pod)]
    found = problem(pods, datetime.now(UTC), [event for pod in stuck for event in await _events(client, pod)])
    return with_problem(finding, found)


async def _events(client: Client, pod: Manifest) -> list[Manifest]:
    """The Events of a Pod; none if the operators may not read them."""
    try:
        return await client.list(
            EVENT, pod["metadata"]["namespace"], fields={"involvedObject.uid": pod["metadata"]["uid"]}
        )
    except ApiError as error:
        if error.status != 403:
            raise
        return []
