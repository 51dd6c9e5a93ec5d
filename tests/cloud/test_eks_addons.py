"""Add-ons of a cluster: what its processes are told about them, and what they then do."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from local.cloud.svc.eks.addons.configured import configured, delete
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


@pytest.mark.parametrize("name", ["coredns", "kube-proxy", "vpc-cni", "metrics-server"])
@pytest.mark.parametrize("text", ["a: 1", ""])
def test_the_software_of_a_deleted_add_on_stays_only_when_it_is_preserved(name: str, text: str) -> None:
    removing, preserving = cluster({name: text}), cluster({name: text})
    before = configured(preserving)
    delete(removing, removing.addons[name], preserve=False)
    delete(preserving, preserving.addons[name], preserve=True)
    assert (removing.addons, preserving.addons) == ({}, {})
    assert name not in configured(removing)
    assert configured(preserving) == before
    again = cluster({name: "b: 2"})
    again.deleted_addons = removing.deleted_addons
    assert configured(again)[name] == {"b": 2}


def test_a_cluster_of_before_has_deleted_none() -> None:
    old = cluster({})
    del old.__dict__["deleted_addons"]
    assert configured(pickle.loads(pickle.dumps(old))) == configured(cluster({}))
