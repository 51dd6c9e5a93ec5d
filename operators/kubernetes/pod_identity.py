"""Pods without AWS credentials: they never get any, so they are replaced once another would get some.

EKS' webhook gives a Pod the address of its credentials when the Pod is created, and only then. A Pod is created without
them too, when the webhook does not answer in time (its failurePolicy is Ignore), or when its ServiceAccount has no role
yet. Whether a Pod would get some now is asked with a dry run, in which webhooks without side effects take part.
"""

from __future__ import annotations

from collections.abc import Sequence

from contracts.variables import CREDENTIALS_URI
from operators.kubernetes.client import ApiError, Client
from operators.kubernetes.conditions import Finding, good, waiting
from operators.kubernetes.kinds import POD
from operators.kubernetes.manifest import Manifest, Owner

CREDENTIALS = "Credentials"
"""Condition of a resource whose Pods may call AWS: whether they have what their ServiceAccount has."""


def without_credentials(pods: Sequence[Manifest]) -> list[Manifest]:
    """Those that do not end and of which a container was given none, oldest first."""
    bare = [
        pod
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"] and not all(map(_given, pod["spec"]["containers"]))
    ]
    return sorted(bare, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))


def another(pod: Manifest) -> Manifest:
    """A Pod as this one was before it was admitted and scheduled."""
    meta = {"generateName": f"{pod['metadata']['name'][:200]}-", "labels": pod["metadata"].get("labels", {})}
    spec = {key: value for key, value in pod["spec"].items() if key != "nodeName"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


async def credentials_finding(client: Client, owner: Owner) -> Finding:
    """Replaces one Pod at a time, so that the others serve meanwhile."""
    bare = without_credentials(await client.list(POD, owner.namespace, owner.labels))
    if not bare:
        return good(CREDENTIALS, "Given", "every Pod was given AWS credentials")
    names = ", ".join(pod["metadata"]["name"] for pod in bare)
    try:
        now = await client.create(POD, owner.namespace, another(bare[0]), dry_run=True)
    except ApiError as error:
        return waiting(CREDENTIALS, "Unknown", f"without AWS credentials: {names}; whether others get some: {error}")
    if not all(map(_given, now["spec"]["containers"])):
        message = f"no AWS credentials: the ServiceAccount {owner.name} has no Pod Identity association"
        return good(CREDENTIALS, "NoRole", message)
    await client.delete(POD, bare[0])
    message = (
        f"created without the AWS credentials of the ServiceAccount {owner.name}, as EKS' Pod Identity webhook did not"
        f" answer or there was no association yet: {names}; {bare[0]['metadata']['name']} is replaced first"
    )
    return waiting(CREDENTIALS, "CredentialsMissing", message)


def _given(container: Manifest) -> bool:
    return any(variable["name"] == CREDENTIALS_URI for variable in container.get("env", []))
