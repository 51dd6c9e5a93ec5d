"""`kubernetes.helm.v3.Release`: installs the stand-in of a chart, and is done when its Deployments are ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from local.plugins.kubernetes.cluster import Cluster, KubernetesError
from local.plugins.kubernetes.helm.catalog import find, refusal
from local.plugins.kubernetes.helm.stand_in import StandIn, filled
from local.plugins.kubernetes.live_objects import await_ready
from local.plugins.provider.base import (
    CheckFailure,
    DiffResult,
    Operation,
    ProviderError,
    Resource,
    ResourceInitFailed,
)
from local.plugins.provider.values import UNKNOWN, Values, changed_paths
from local.site import CHECKOUT
from local.toolchain import tools

_MANIFESTS = CHECKOUT / "local" / "manifests"
_SERVED = ("chart", "version", "repositoryOpts", "name", "namespace", "createNamespace", "values", "timeout", "compat")
_CLUSTER_WIDE = ("ClusterRole", "ClusterRoleBinding")
_REPLACING = ("chart", "repositoryOpts.repo", "name", "namespace")


class Releases:
    """`cluster` is None while its kubeconfig is not known."""

    def __init__(self, cluster: Cluster | None) -> None:
        self._cluster = cluster

    def check(
        self, resource: Resource, old: Values, new: Values, propose_name: Callable[[], str]
    ) -> tuple[Values, list[CheckFailure]]:
        inputs = {**new, "name": new.get("name") or old.get("name") or propose_name()}
        inputs.setdefault("namespace", "default")
        unserved = [CheckFailure(key, "is not served on this machine") for key in inputs if key not in _SERVED]
        stand_in = _stand_in(inputs)
        if stand_in is None:
            return inputs, [*unserved, CheckFailure("chart", refusal(*_identity(inputs)))]
        return inputs, [*unserved, *stand_in.refused(inputs.get("values") or {})]

    def diff(self, resource: Resource, old: Values, new: Values) -> DiffResult:
        changed = [path for path in changed_paths(old, new) if path]
        forced = [path for path in changed if path in _REPLACING]
        return DiffResult(changed, forced, delete_before_replace=bool(forced))

    def preview_create(self, resource: Resource, inputs: Values) -> Values:
        return _state(inputs)

    def create(self, resource: Resource, inputs: Values, operation: Operation) -> tuple[str, Values]:
        cluster, stand_in = self._require_cluster(), _require_stand_in(inputs)
        operation.inform(f"{stand_in.chart} {stand_in.version}, on this machine: {stand_in.explanation}")
        id, state = f"{inputs['namespace']}/{inputs['name']}", _state(inputs)
        try:
            for definition in _definitions(stand_in):
                await_ready(cluster, definition, cluster.apply(definition), operation)
            applied = [(manifest, cluster.apply(manifest)) for manifest in manifests(stand_in, inputs)]
            for manifest, live in applied:
                await_ready(cluster, manifest, live, operation)
        except ProviderError as error:
            raise ResourceInitFailed(f"release {inputs['name']}: {error}", id, state) from error
        return id, state

    def read(self, resource: Resource, id: str, inputs: Values, state: Values) -> tuple[Values, Values] | None:
        """None also when one of its objects is gone: the next update installs it again."""
        if not inputs:
            raise ProviderError(f"release {id} can't be imported on this machine: declare it, and it is installed")
        cluster, stand_in = self._require_cluster(), _require_stand_in(inputs)
        if any(cluster.get(manifest) is None for manifest in manifests(stand_in, inputs)):
            return None
        return state, inputs

    def delete(self, resource: Resource, id: str, state: Values, inputs: Values, operation: Operation) -> None:
        """As Helm does, the namespace and the definitions stay: with a definition go all of its resources."""
        cluster, stand_in = self._require_cluster(), _require_stand_in(inputs or state)
        for manifest in reversed(list(manifests(stand_in, inputs or state))):
            if manifest["kind"] == "Namespace":
                continue
            try:
                cluster.delete(manifest)
            except KubernetesError as error:
                if error.status != 404:
                    raise
        operation.report("deleted")

    def _require_cluster(self) -> Cluster:
        if self._cluster is None:
            raise ProviderError("the cluster's kubeconfig is not known yet")
        return self._cluster


def _identity(inputs: Values) -> tuple[str, str, str]:
    repository = inputs.get("repositoryOpts") or {}
    return inputs.get("chart", ""), inputs.get("version") or "", repository.get("repo") or ""


def _stand_in(inputs: Values) -> StandIn | None:
    return find(*_identity(inputs))


def _require_stand_in(inputs: Values) -> StandIn:
    stand_in = _stand_in(inputs)
    if stand_in is None:
        raise ProviderError(refusal(*_identity(inputs)))
    return stand_in


def _definitions(stand_in: StandIn) -> Iterator[Values]:
    for project in stand_in.definitions:
        for file in tools.definitions(project):
            yield from (document for document in yaml.safe_load_all(file.read_text()) if document)


def manifests(stand_in: StandIn, inputs: Values) -> Iterator[Values]:
    """The namespace, then the objects of the stand-in, in the release's namespace unless they name another."""
    namespace = inputs["namespace"]
    if inputs.get("createNamespace"):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    if not stand_in.manifest:
        return
    release = {"name": inputs["name"], "namespace": namespace}
    values: dict[str, Any] = {**(inputs.get("values") or {}), "release": release}
    for template in yaml.safe_load_all((_MANIFESTS / stand_in.manifest).read_text()):
        try:
            manifest = filled(template, values)
        except KeyError as missing:
            raise ProviderError(
                f"the stand-in of the chart {stand_in.chart} needs values.{missing.args[0]}"
            ) from missing
        if manifest["kind"] not in _CLUSTER_WIDE:
            manifest["metadata"].setdefault("namespace", namespace)
        yield manifest


def _state(inputs: Values) -> Values:
    stand_in = _stand_in(inputs)
    explanation = stand_in.explanation if stand_in else UNKNOWN
    status = {"name": inputs["name"], "namespace": inputs["namespace"], "status": "deployed"}
    return {**inputs, "description": explanation, "status": {**status, "version": inputs.get("version", "")}}
