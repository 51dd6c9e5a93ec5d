"""Manifests of Kubernetes objects, and the metadata that every object of ours carries. Pure."""

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
APPLIED_DIGEST = f"{GROUP}/applied"
"""Annotation: digest of the applied manifest, by which fields that were removed from it are noticed."""


@dataclass(frozen=True)
class Owner:
    """The custom resource that owns objects; its deletion cascades to them."""

    kind: str
    namespace: str
    name: str
    uid: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Owner:
        """A custom resource, as read from the API server, as owner."""
        meta = body["metadata"]
        return cls(body["kind"], meta["namespace"], meta["name"], meta["uid"])

    @property
    def selector(self) -> dict[str, str]:
        """Labels that select the owner's Pods."""
        return {NAME: self.name}

    @property
    def labels(self) -> dict[str, str]:
        return {NAME: self.name, MANAGED_BY: FIELD_MANAGER, "app.kubernetes.io/part-of": "aura"}

    def manifest(self, api_version: str, kind: str, name: str, content: Mapping[str, Any]) -> Manifest:
        """An object of this owner with `content` (spec, data, ...); `metadata` in it is merged."""
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


def is_owned_by(manifest: Manifest, owner: Owner) -> bool:
    return any(one.get("uid") == owner.uid for one in manifest["metadata"].get("ownerReferences", []))


@dataclass(frozen=True, order=True)
class Identity:
    """What identifies an object within its namespace."""

    api_version: str
    kind: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Identity:
        return cls(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"])

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def digest(value: object) -> str:
    """A short hash of a value; the order of members does not matter."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def with_applied_digest(manifest: Manifest) -> Manifest:
    """The manifest with its digest as an annotation."""
    meta = manifest["metadata"]
    annotations = {**meta.get("annotations", {}), APPLIED_DIGEST: digest(manifest)}
    return {**manifest, "metadata": {**meta, "annotations": annotations}}


def env_vars(values: Mapping[str, str]) -> list[Manifest]:
    """A container's `env` of plain values, sorted, so that equal specs give equal manifests."""
    return [{"name": name, "value": literal(values[name])} for name in sorted(values)]


def literal(text: str) -> str:
    """A value, or a word of a command, that the process gets as `text`: Kubernetes expands `$(NAME)` in both, and `$$`
    to `$`. https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/"""
    return text.replace("$", "$$")


def derived_name(readable: str, *identity: str) -> str:
    """`readable` with a digest of `identity`, at most 63 characters: other identities give other names, also where
    `readable` is the same or is cut."""
    suffix = digest(identity)
    return f"{readable[: 62 - len(suffix)].rstrip('-.')}-{suffix}"


def by_identity(manifests: Iterable[Manifest]) -> dict[Identity, Manifest]:
    return {Identity.of(manifest): manifest for manifest in manifests}
