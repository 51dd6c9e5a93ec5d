"""Kubernetes objects as plain values: identity, immutable fields, and the declared part of live ones."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from local.plugins.provider.values import UNKNOWN, Secret, Values

_IDENTITY = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
_IMMUTABLE = {
    "Deployment": ("spec.selector",),
    "DaemonSet": ("spec.selector",),
    "StatefulSet": ("spec.serviceName", "spec.selector", "spec.volumeClaimTemplates", "spec.podManagementPolicy"),
    "Job": ("spec.template", "spec.selector", "spec.completions"),
    "Service": ("spec.clusterIP",),
    "StorageClass": ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.storageClassName", "spec.volumeName"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
}
_SERVER_KEPT = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink")
"""Metadata that the server maintains."""


def identity(manifest: Values) -> str:
    """Pulumi's id of an object: "<namespace>/<name>", or the name alone outside namespaces."""
    metadata = manifest["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else metadata["name"]


def same_object(old: Values, new: Values) -> bool:
    def names(manifest: Values) -> list[Any]:
        metadata = manifest.get("metadata", {})
        return [manifest.get("apiVersion"), manifest.get("kind"), metadata.get("name"), metadata.get("namespace")]

    return names(old) == names(new)


def forces_replacement(kind: str, path: str, value: Mapping[str, Any]) -> bool:
    """Whether the API server rejects a change at `path`; `value` is the new manifest."""
    immutable = [*_IDENTITY, *_IMMUTABLE.get(kind, ())]
    if kind in ("Secret", "ConfigMap") and value.get("immutable") is True:
        immutable += ["data", "binaryData"]
    return any(path == fixed or path.startswith(f"{fixed}.") for fixed in immutable)


def completed(manifest: Values, name: str, namespace: str | None) -> Values:
    """The manifest with a name, its namespace, and a Secret's stringData as data (stringData can't be read back)."""
    metadata = {**manifest.get("metadata", {}), "name": name}
    if namespace:
        metadata.setdefault("namespace", namespace)
    done = {**manifest, "metadata": metadata}
    strings = done.pop("stringData", None)
    if manifest.get("kind") == "Secret" and isinstance(strings, Mapping):
        done["data"] = {**(done.get("data") or {}), **{key: _base64(text) for key, text in strings.items()}}
    return {key: value for key, value in done.items() if key != "status"}


def with_secret_data(values: Values) -> Values:
    """Values for the engine; the data of a Secret is marked secret, so that no state or log shows it."""
    if values.get("kind") != "Secret" or not values.get("data"):
        return values
    return {**values, "data": Secret(values["data"])}


def state(live: Values) -> Values:
    """Outputs of a live object; stable while nobody changes the object."""
    metadata = {key: value for key, value in live.get("metadata", {}).items() if key not in _SERVER_KEPT}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


def declared_part(live: Any, declared: Any) -> Any:
    """The part of a live object that the inputs declare, so that defaults are no drift."""
    if isinstance(declared, Mapping) and isinstance(live, Mapping):
        return {key: declared_part(live[key], value) for key, value in declared.items() if key in live}
    if isinstance(declared, list) and isinstance(live, list) and len(live) == len(declared):
        return [declared_part(a, b) for a, b in zip(live, declared, strict=True)]
    return live


def _base64(text: Any) -> Any:
    return text if text is UNKNOWN else base64.b64encode(str(text).encode()).decode()
