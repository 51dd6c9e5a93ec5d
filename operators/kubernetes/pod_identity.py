"""Pods without AWS credentials: they never get any, so they are replaced.

EKS' webhook gives a Pod the address of its credentials when the Pod is created, and only then. A Pod is created without
them too, when the webhook does not answer in time (its failurePolicy is Ignore), or when its ServiceAccount has no role
yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.variables import CREDENTIALS_URI
from operators.kubernetes.client import Client
from operators.kubernetes.conditions import Finding, good, waiting
from operators.kubernetes.kinds import POD
from operators.kubernetes.manifest import Manifest, Owner

CREDENTIALS = "Credentials"
"""Condition of a resource whose Pods have a role: whether all of them were given credentials."""
FIRST_SECONDS, LONGEST_SECONDS = 10.0, 640.0


def without_credentials(pods: Sequence[Manifest]) -> list[Manifest]:
    """Those of which a container was given none, oldest first."""
    bare = [pod for pod in pods if not all(map(_given, pod["spec"]["containers"]))]
    return sorted(bare, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))


@dataclass
class Replacements:
    """How often a resource's Pods were replaced in a row without any getting credentials: each time the wait doubles,
    from FIRST_SECONDS to LONGEST_SECONDS. The first is replaced at once."""

    _tried: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Number and time of the last, by the resource's uid."""

    def wait(self, uid: str, now: float) -> float:
        """Seconds until the next may be replaced."""
        if uid not in self._tried:
            return 0.0
        count, last = self._tried[uid]
        return max(0.0, last + min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (count - 1)) - now)

    def replaced(self, uid: str, now: float) -> None:
        count, _ = self._tried.get(uid, (0, 0.0))
        self._tried[uid] = count + 1, now

    def succeeded(self, uid: str) -> None:
        self._tried.pop(uid, None)


async def credentials_finding(client: Client, owner: Owner, replacements: Replacements, now: float) -> Finding:
    """Replaces one Pod without credentials at a time: where there is no role, the others go on as they are."""
    listed = await client.list(POD, owner.namespace, owner.labels)
    pods = [pod for pod in listed if "deletionTimestamp" not in pod["metadata"]]
    bare = without_credentials(pods)
    if len(bare) < len(pods):
        replacements.succeeded(owner.uid)
    if not bare:
        return good(CREDENTIALS, "Given", "every Pod was given AWS credentials")
    names = ", ".join(pod["metadata"]["name"] for pod in bare)
    wait = replacements.wait(owner.uid, now)
    if wait == 0:
        await client.delete(POD, bare[0])
        replacements.replaced(owner.uid, now)
    what = f"{bare[0]['metadata']['name']} is replaced" if wait == 0 else f"the next is replaced in {wait:.0f} s"
    message = (
        f"created without AWS credentials, and never given any: {names}; {what}. Either EKS' Pod Identity webhook did "
        f"not answer when they were created, or the ServiceAccount {owner.name} has no Pod Identity association"
    )
    return waiting(CREDENTIALS, "CredentialsMissing", message)


def _given(container: Manifest) -> bool:
    return any(variable["name"] == CREDENTIALS_URI for variable in container.get("env", []))
