"""PersistentVolumes of claims: when one is to be provisioned, where, expanded or deleted. No I/O."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from local.node.addons.storage.rules import GIB, IN_TREE, PROVISIONER, Refused, check_size, ebs_volume, gibibytes
from local.node.api import Object
from local.node.quantity import quantity

STORAGE_CLASS: Object = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "gp2"},
    "provisioner": IN_TREE,
    "parameters": {"type": "gp2", "fsType": "ext4"},
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "WaitForFirstConsumer",
}
"""The class that a new EKS cluster has; since 1.30 it is not the default (EKS user guide, release notes of 1.30)."""
ZONE = "topology.kubernetes.io/zone"
VOLUME_TYPE = f"{PROVISIONER}/volume-type"
"""Attribute of a volume: its type of EBS."""
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"


@dataclass(frozen=True)
class Expansion:
    """The claim `claim` asks for a volume of `size`."""

    claim: Object
    size: str


def needs_volume(claim: Object, storage_class: Object) -> bool:
    """Whether the claim waits for a volume, and its Pod has a node where the class waits for that."""
    meta = claim["metadata"]
    pending = claim.get("status", {}).get("phase") == "Pending" and not claim["spec"].get("volumeName")
    waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    selected = not waits or _SELECTED_NODE in meta.get("annotations", {})
    return pending and selected and "deletionTimestamp" not in meta


def zone(claim: Object, storage_class: Object, nodes: Mapping[str, Object]) -> str:
    """The zone of the node that the scheduler selected; without one, any zone of the class or of the cluster.

    Raises Refused.
    """
    selected = claim["metadata"].get("annotations", {}).get(_SELECTED_NODE)
    if selected is not None:
        labels = nodes.get(selected, {}).get("metadata", {}).get("labels", {})
        if ZONE not in labels:
            raise Refused(f"node {selected} has no label {ZONE}: the volume's zone is unknown")
        return labels[ZONE]
    allowed = {
        value
        for term in storage_class.get("allowedTopologies") or []
        for expression in term.get("matchLabelExpressions", [])
        if expression["key"] in (ZONE, f"topology.{PROVISIONER}/zone")
        for value in expression["values"]
    }
    zones = sorted(allowed or {z for node in nodes.values() if (z := node["metadata"].get("labels", {}).get(ZONE))})
    if not zones:
        raise Refused(f"no node has the label {ZONE}")
    return zones[zlib.crc32(claim["metadata"]["uid"].encode()) % len(zones)]


def volume_name(claim: Object) -> str:
    return f"pvc-{claim['metadata']['uid']}"


def volume_for(claim: Object, storage_class: Object, nodes: Mapping[str, Object]) -> Object:
    """The PersistentVolume to provision. Raises Refused."""
    meta, made, where = claim["metadata"], ebs_volume(claim, storage_class), zone(claim, storage_class, nodes)
    here = {"key": ZONE, "operator": "In", "values": [where]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": volume_name(claim), "annotations": {_PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "capacity": {"storage": f"{made.gib}Gi"},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
            },
            "csi": {
                "driver": PROVISIONER,
                "fsType": made.file_system,
                "volumeHandle": f"vol-{meta['uid'].replace('-', '')[:17]}",
                "volumeAttributes": {VOLUME_TYPE: made.type},
            },
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
            "mountOptions": storage_class.get("mountOptions") or [],
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
        },
    }


def expansion(claim: Object, volume: Object) -> Expansion | None:
    """What a bound claim asks for beyond its volume; the API server has asked its class. Raises Refused."""
    if not is_ours(volume) or claim.get("status", {}).get("phase") != "Bound":
        return None
    gib = gibibytes(claim["spec"]["resources"]["requests"]["storage"])
    bytes_told = quantity(claim["status"].get("capacity", {}).get("storage", "0"))
    if gib * GIB <= bytes_told:
        return None
    kind = volume["spec"].get("csi", {}).get("volumeAttributes", {}).get(VOLUME_TYPE)
    if kind is not None:  # made before volumes had a type
        check_size(kind, gib)
    return Expansion(claim, f"{gib}Gi")


def is_ours(volume: Object) -> bool:
    return volume["metadata"].get("annotations", {}).get(_PROVISIONED_BY) == PROVISIONER


def is_reclaimable(volume: Object) -> bool:
    """Whether a volume of this provisioner is released and to be deleted with its data."""
    deletes = volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    return is_ours(volume) and deletes and volume.get("status", {}).get("phase") in ("Released", "Failed")
