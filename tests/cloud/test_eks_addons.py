"""Add-ons of a cluster: what its processes are told about them, and what they then do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.cloud.svc.eks.addons.configured import configured
from local.cloud.svc.eks.model import Addon, Cluster

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def cluster(addons: dict[str, str], **inputs: Any) -> Cluster:
    made = {name: Addon(name, f"arn:{name}", {"configurationValues": text}, NOW, NOW) for name, text in addons.items()}
    return Cluster("us-west-2", "c", "c-1", "arn:c", inputs, "127.0.0.1", "sg-1", NOW, addons=made)


def test_a_new_cluster_has_the_self_managed_ones_with_their_defaults() -> None:
    assert configured(cluster({})) == {"coredns": {}, "kube-proxy": {}, "vpc-cni": {}}
    assert configured(cluster({}, bootstrapSelfManagedAddons=False)) == {}


def test_an_add_on_takes_the_place_of_the_self_managed_one() -> None:
    known = configured(cluster({"vpc-cni": '{"enableNetworkPolicy": "true"}', "metrics-server": ""}))
    assert known["vpc-cni"] == {"enableNetworkPolicy": "true"}
    assert known["metrics-server"] == {}
    assert "aws-ebs-csi-driver" not in known
    assert configured(cluster({"coredns": "replicaCount: 3"}))["coredns"] == {"replicaCount": 3}
