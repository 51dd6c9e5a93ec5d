"""Which software of add-ons a cluster has, as its processes are told. Pure."""

from __future__ import annotations

from typing import Any

import yaml

from local.cloud.svc.eks.model import Addon, Cluster

_SELF_MANAGED = ("coredns", "kube-proxy", "vpc-cni")
"""In every cluster that was not created with bootstrapSelfManagedAddons false, with their defaults.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
"""


def configured(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """Name -> configurationValues of every add-on whose software the cluster has."""
    bootstrapped = _SELF_MANAGED if cluster.inputs.get("bootstrapSelfManagedAddons", True) else ()
    chosen = {addon.name: _values(addon) for addon in cluster.addons.values()}
    texts = {**dict.fromkeys(bootstrapped, ""), **cluster.deleted_addons, **chosen}
    return {name: yaml.safe_load(text) or {} for name, text in texts.items() if text is not None}


def delete(cluster: Cluster, addon: Addon, preserve: bool) -> None:
    """Its software is removed, too, unless `preserve`: then it stays as it is and is self-managed.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteAddon.html
    """
    del cluster.addons[addon.name]
    cluster.deleted_addons[addon.name] = _values(addon) if preserve else None


def _values(addon: Addon) -> str:
    return addon.inputs.get("configurationValues") or ""
