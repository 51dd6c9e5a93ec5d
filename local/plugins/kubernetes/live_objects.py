"""Objects of the cluster: each by server-side apply, ready when its kind says so."""

from __future__ import annotations

import os
from collections.abc import Callable

from local.plugins.kubernetes import objects
from local.plugins.kubernetes.cluster import Cluster, KubernetesError, NotServed, Unreachable
from local.plugins.kubernetes.readiness import not_ready_reason
from local.plugins.provider.base import (
    CheckFailure,
    DiffResult,
    Operation,
    ProviderError,
    Resource,
    ResourceInitFailed,
)
from local.plugins.provider.values import UNKNOWN, Values, changed_paths, has_unknown

_FORGET_UNREACHABLE = "PULUMI_K8S_DELETE_UNREACHABLE"
_REFUSALS = (400, 403, 422)
_PAUSE = 0.25


class LiveObjects:
    """Resources that are one object each; `cluster` is None while its kubeconfig is not known."""

    def __init__(self, cluster: Cluster | None, namespace: str | None) -> None:
        self._cluster, self._namespace = cluster, namespace

    def check(
        self, resource: Resource, old: Values, new: Values, propose_name: Callable[[], str]
    ) -> tuple[Values, list[CheckFailure]]:
        metadata = new.get("metadata") or {}
        if metadata is UNKNOWN:
            return new, [CheckFailure("metadata", "metadata must be known at preview")]
        name = metadata.get("name") or (old.get("metadata") or {}).get("name") or propose_name()
        inputs = objects.completed(new, name, self._namespace)
        if inputs == old or has_unknown(inputs) or self._cluster is None:
            return objects.with_secret_data(inputs), []
        return objects.with_secret_data(inputs), self._refusal(self._cluster, inputs, bool(old))

    @staticmethod
    def _refusal(cluster: Cluster, inputs: Values, exists: bool) -> list[CheckFailure]:
        """The API server's own validation by a dry run: schema, admission, policies."""
        try:
            cluster.apply(inputs, dry_run=True)
        except NotServed:
            return []  # its CRD may be created in the same update
        except KubernetesError as error:
            immutable = exists and ("immutable" in str(error) or "Forbidden" in str(error))
            if error.status in _REFUSALS and not immutable:
                return [CheckFailure("", str(error))]
            if error.status != 404 and not immutable:  # 404: its namespace may be created in the same update
                raise
        except Unreachable:
            return []  # the update itself fails, if the cluster is still unreachable then
        return []

    def diff(self, resource: Resource, old: Values, new: Values) -> DiffResult:
        changed = [path for path in changed_paths(old, new) if path]
        forced = [path for path in changed if objects.forces_replacement(new.get("kind", ""), path, new)]
        return DiffResult(changed, forced, delete_before_replace=objects.same_object(old, new))

    def preview_create(self, resource: Resource, inputs: Values) -> Values:
        if self._cluster is None or has_unknown(inputs):
            return objects.with_secret_data(inputs)
        try:
            return objects.with_secret_data({**objects.state(self._cluster.apply(inputs, dry_run=True)), **inputs})
        except (KubernetesError, NotServed, Unreachable):
            return objects.with_secret_data(
                inputs
            )  # Check has reported errors; the rest may be created in the same update

    def create(self, resource: Resource, inputs: Values, operation: Operation) -> tuple[str, Values]:
        cluster = self._require_cluster()
        live = cluster.apply(inputs)
        try:
            return objects.identity(live), objects.with_secret_data(
                objects.state(await_ready(cluster, inputs, live, operation))
            )
        except ProviderError as error:
            raise ResourceInitFailed(
                f"{resource.name}: {error}", objects.identity(live), objects.with_secret_data(objects.state(live))
            ) from error

    def read(self, resource: Resource, id: str, inputs: Values, state: Values) -> tuple[Values, Values] | None:
        manifest = inputs or state or _named(resource, id)
        try:
            live = self._require_cluster().get(manifest)
        except Unreachable as error:
            if os.environ.get(_FORGET_UNREACHABLE) == "true":
                return None
            raise ProviderError(f"{error}; if the cluster no longer exists, set {_FORGET_UNREACHABLE}=true") from error
        if live is None:
            return None
        seen = objects.state(live)
        return objects.with_secret_data(seen), objects.with_secret_data(
            objects.declared_part(seen, inputs) if inputs else seen
        )

    def delete(self, resource: Resource, id: str, state: Values, inputs: Values, operation: Operation) -> None:
        cluster, manifest = self._require_cluster(), inputs or state
        try:
            live = cluster.get(manifest)
            if live is None:
                return
            cluster.delete(manifest)
            uid = live["metadata"]["uid"]
            while (live := cluster.get(manifest)) is not None and live["metadata"]["uid"] == uid:
                finalizers = live["metadata"].get("finalizers") or ["its dependents"]
                operation.report(f"deleting: waiting for {', '.join(finalizers)}")
                operation.pause(_PAUSE, f"{resource.name} to be deleted, which waits for {', '.join(finalizers)}")
        except KubernetesError as error:
            if error.status != 404:
                raise
        except Unreachable:
            if os.environ.get(_FORGET_UNREACHABLE) != "true":
                raise

    def _require_cluster(self) -> Cluster:
        if self._cluster is None:
            raise ProviderError("the cluster's kubeconfig is not known yet")
        return self._cluster


def await_ready(cluster: Cluster, manifest: Values, live: Values, operation: Operation) -> Values:
    """The live object once it is ready. Raises ProviderError when it cannot become so."""
    while (reason := not_ready_reason(live)) is not None:
        name = f"{manifest['kind']} {manifest['metadata']['name']}"
        operation.report(f"{name}: waiting for {reason}")
        operation.pause(_PAUSE, f"{name}: {reason}")
        live = cluster.get(manifest) or live
    return live


def _named(resource: Resource, id: str) -> Values:
    """The manifest an import starts from: "kubernetes:apps/v1:Deployment" and "<namespace>/<name>"."""
    _, group, kind = resource.type.split(":")
    namespace, _, name = id.rpartition("/")
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": group.removeprefix("core/"), "kind": kind, "metadata": metadata}
