"""Pods without AWS credentials: they never get any, so they are replaced once another would get some.

EKS' webhook gives a Pod the address of its credentials when the Pod is created, and only then. A Pod is created without
them too, when the webhook does not answer in time (its failurePolicy is Ignore), or when its ServiceAccount has no role
yet. Whether a Pod would get some now is asked with a dry run, in which webhooks without side effects take part.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.variables import CREDENTIALS_URI
from operators.kubernetes.client import ApiError, Client
from operators.kubernetes.conditions import Finding, good, waiting
from operators.kubernetes.kinds import POD
from operators.kubernetes.manifest import Manifest, Owner

CREDENTIALS = "Credentials"
"""Condition of a resource whose Pods may call AWS: whether they have what their ServiceAccount has."""
YOUNG = timedelta(seconds=10)
"""Age up to which a Pod is not replaced: so none is replaced in a loop if the webhook answers dry runs only."""


def without_credentials(pods: Sequence[Manifest]) -> list[Manifest]:
    """Those that do not end and whose first container, that of the operators, was given none; oldest first."""
    bare = [pod for pod in pods if not _ends(pod) and not _given(pod)]
    return sorted(bare, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))


def replaceable(pods: Sequence[Manifest], now: datetime) -> Manifest | None:
    """The Pod without credentials to replace now: one that serves nobody, or the oldest while all Pods are Ready."""
    bare = [pod for pod in without_credentials(pods) if now - _created(pod) > YOUNG]
    idle = [pod for pod in bare if not _ready(pod)]
    if idle:
        return idle[0]
    return bare[0] if bare and all(_ready(pod) and not _ends(pod) for pod in pods) else None


def another(pod: Manifest) -> Manifest:
    """A Pod for a dry run, with what the webhook and the admission of Pods look at."""
    meta = {"generateName": f"{pod['metadata']['name'][:200]}-", "labels": pod["metadata"].get("labels", {})}
    first = pod["spec"]["containers"][0]
    container = {key: first[key] for key in ("name", "image", "resources", "securityContext") if key in first}
    spec = {key: pod["spec"][key] for key in ("serviceAccountName", "securityContext") if key in pod["spec"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {**spec, "containers": [container]}}


async def credentials_finding(client: Client, owner: Owner, now: datetime) -> Finding:
    """Replaces one Pod at a time, so that the others serve meanwhile."""
    pods = await client.list(POD, owner.namespace, owner.labels)
    bare = without_credentials(pods)
    if not bare:
        return good(CREDENTIALS, "Given", "every Pod was given AWS credentials")
    names = ", ".join(pod["metadata"]["name"] for pod in bare)
    try:
        created = await client.create(POD, owner.namespace, another(bare[0]), dry_run=True)
    except ApiError as error:
        return good(CREDENTIALS, "Unknown", f"without AWS credentials: {names}; whether others get some: {error}")
    if not _given(created):
        message = (
            f"without AWS credentials: {names}, nor would another Pod get any now: the ServiceAccount {owner.name}"
        )
        return good(CREDENTIALS, "NoRole", f"{message} has no Pod Identity association, or the webhook does not answer")
    message = f"created without the AWS credentials of the ServiceAccount {owner.name}: {names}"
    if (pod := replaceable(pods, now)) is None:
        return waiting(CREDENTIALS, "CredentialsMissing", f"{message}; the next is replaced when all Pods are Ready")
    await client.delete(POD, pod)
    return waiting(CREDENTIALS, "CredentialsMissing", f"{message}; {pod['metadata']['name']} is replaced")


def _ends(pod: Manifest) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _created(pod: Manifest) -> datetime:
    return datetime.fromisoformat(pod["metadata"]["creationTimestamp"])


def _ready(pod: Manifest) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _given(pod: Manifest) -> bool:
    return any(variable["name"] == CREDENTIALS_URI for variable in pod["spec"]["containers"][0].get("env", []))
