"""The Provider of the `kubernetes` package: objects, Helm releases, and files of objects."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version

from local.plugins.kubernetes.cluster import Cluster
from local.plugins.kubernetes.helm.releases import Releases
from local.plugins.kubernetes.live_objects import LiveObjects
from local.plugins.kubernetes.yaml_files import CONFIG_FILE, children
from local.plugins.provider.base import (
    CheckFailure,
    Child,
    DiffResult,
    Operation,
    Provider,
    ProviderError,
    Resource,
)
from local.plugins.provider.values import UNKNOWN, Values

RELEASE = "kubernetes:helm.sh/v3:Release"


class KubernetesProvider(Provider):
    package = "kubernetes"
    version = version("pulumi-kubernetes")
    accepts_secrets = True  # the engine demands it of a plugin with components

    def configure(self, settings: Values) -> None:
        kubeconfig = settings.get("kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config"
        cluster = None if kubeconfig is UNKNOWN else Cluster(kubeconfig, settings.get("context"))
        self._objects = LiveObjects(cluster, settings.get("namespace"))
        self._releases = Releases(cluster)

    def _of(self, resource: Resource) -> LiveObjects | Releases:
        return self._releases if resource.type == RELEASE else self._objects

    def check(
        self, resource: Resource, old: Values, new: Values, propose_name: Callable[[], str]
    ) -> tuple[Values, list[CheckFailure]]:
        return self._of(resource).check(resource, old, new, propose_name)

    def diff(self, resource: Resource, old: Values, new: Values) -> DiffResult:
        return self._of(resource).diff(resource, old, new)

    def preview_create(self, resource: Resource, inputs: Values) -> Values:
        return self._of(resource).preview_create(resource, inputs)

    def create(self, resource: Resource, inputs: Values, operation: Operation) -> tuple[str, Values]:
        return self._of(resource).create(resource, inputs, operation)

    def preview_update(self, resource: Resource, state: Values, old: Values, new: Values) -> Values:
        return self._of(resource).preview_create(resource, new)

    def update(
        self, resource: Resource, id: str, state: Values, old: Values, new: Values, operation: Operation
    ) -> Values:
        return self._of(resource).create(resource, new, operation)[1]

    def read(self, resource: Resource, id: str, inputs: Values, state: Values) -> tuple[Values, Values] | None:
        return self._of(resource).read(resource, id, inputs, state)

    def delete(self, resource: Resource, id: str, state: Values, inputs: Values, operation: Operation) -> None:
        self._of(resource).delete(resource, id, state, inputs, operation)

    def children(self, type: str, name: str, inputs: Values) -> list[Child]:
        if type != CONFIG_FILE:
            raise ProviderError(f"the component {type} is not provided on this machine")
        return children(name, inputs)
