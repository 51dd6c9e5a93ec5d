"""What the processes of a cluster are told about its add-ons. Pure."""

from __future__ import annotations

from typing import Any

import yaml

from local.cloud.svc.eks.model import Cluster

_SELF_MANAGED = ("coredns", "kube-proxy", "vpc-cni")
"""In every cluster that was not created with bootstrapSelfManagedAddons false, with their defaults.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
"""


def configured(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """Name -> configurationValues of every add-on of the cluster."""
    kept = _SELF_MANAGED if cluster.inputs.get("bootstrapSelfManagedAddons", True) else ()
    chosen = {addon.name: addon.inputs.get("configurationValues") for addon in cluster.addons.values()}
    return {**{name: {} for name in kept}, **{name: yaml.safe_load(text or "") or {} for name, text in chosen.items()}}
