"""Kubernetes objects as the API server reads them, and what every object that we declare carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.resource import API_VERSION, GROUP

Manifest = dict[str, Any]

MANAGED_BY = "app.kubernetes.io/managed-by"
NAME = "app.kubernetes.io/name"
FIELD_MANAGER = "aura-operators"
APPLIED = f"{GROUP}/applied"
"""Annotation: digest of what was declared, by which a declaration that says less than before is noticed."""


@dataclass(frozen=True)
class Owner:
    """The custom resource for which objects are made; they go when it goes."""

    kind: str
    namespace: str
    name: str
    uid: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Owner:
        """The owner that a custom resource, as read from the API server, is."""
        meta = body["metadata"]
        return cls(body["kind"], meta["namespace"], meta["name"], meta["uid"])

    @property
    def selector(self) -> dict[str, str]:
        """Labels by which the owner's Pods are found."""
        return {NAME: self.name}

    @property
    def labels(self) -> dict[str, str]:
        return {NAME: self.name, MANAGED_BY: FIELD_MANAGER, "app.kubernetes.io/part-of": "aura"}

    def manifest(self, api_version: str, kind: str, name: str, content: Mapping[str, Any]) -> Manifest:
        """An object of ours with everything that `content` (spec, data, ...) says. `metadata` in it is merged."""
        meta = dict(content.get("metadata", {}))
        return {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "labels": self.labels,
                "ownerReferences": [
                    {
                        "apiVersion": API_VERSION,
                        "kind": self.kind,
                        "name": self.name,
                        "uid": self.uid,
                        "controller": True,
                        "blockOwnerDeletion": False,
                    }
                ],
                **meta,
            },
            **{key: value for key, value in content.items() if key != "metadata"},
        }


@dataclass(frozen=True, order=True)
class Identity:
    """What tells an object from all others of its namespace."""

    api_version: str
    kind: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Identity:
        return cls(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"])

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def digest(value: object) -> str:
    """A short name for a value: equal for equal values, in any order of members."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def stamped(manifest: Manifest) -> Manifest:
    """The manifest with its own digest as an annotation."""
    meta = manifest["metadata"]
    annotations = {**meta.get("annotations", {}), APPLIED: digest(manifest)}
    return {**manifest, "metadata": {**meta, "annotations": annotations}}


def variables(values: Mapping[str, str]) -> list[Manifest]:
    """A container's `env` of plain values, sorted, so that equal declarations are equal texts."""
    return [{"name": name, "value": values[name]} for name in sorted(values)]


def by_identity(manifests: Iterable[Manifest]) -> dict[Identity, Manifest]:
    return {Identity.of(manifest): manifest for manifest in manifests}
