"""What EBS's driver makes of a claim and its class: pure decisions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.node.addons.storage.rules import GIB, TYPES, Refused, ebs_volume, gibibytes
from local.node.addons.storage.volumes import expansion, is_reclaimable, needs_volume, volume_for, zone
from local.node.quantity import quantity

Object = dict[str, Any]
UID = "01234567-89ab-cdef-0123-456789abcdef"
NODES = {
    name: {"metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": f"us-west-2{letter}"}}}
    for name, letter in (("n1", "a"), ("n2", "b"), ("n3", "c"))
}


def _class(mode: str = "WaitForFirstConsumer", **parameters: str) -> Object:
    return {
        "metadata": {"name": "c"},
        "provisioner": "ebs.csi.aws.com",
        "volumeBindingMode": mode,
        "parameters": parameters,
        "reclaimPolicy": "Retain",
    }


def _claim(size: str = "10Gi", node: str | None = "n2", modes: tuple[str, ...] = ("ReadWriteOnce",)) -> Object:
    annotations = {"volume.kubernetes.io/selected-node": node} if node else {}
    return {
        "metadata": {"name": "state", "namespace": "ns", "uid": UID, "annotations": annotations},
        "spec": {"accessModes": list(modes), "resources": {"requests": {"storage": size}}, "storageClassName": "c"},
        "status": {"phase": "Pending"},
    }


@pytest.mark.parametrize(
    ("parameters", "size", "said"),
    [
        ({"type": "gp9"}, "1Gi", "invalid EBS volume type"),
        ({"typ": "gp3"}, "1Gi", "invalid parameter key typ"),
        ({"type": "st1"}, "100Gi", "125 to 16384 GiB"),
        ({"type": "gp2"}, "17Ti", "1 to 16384 GiB"),
        ({"type": "io1", "iops": "1000"}, "3Gi", "4 to 16384 GiB"),
        ({"type": "io1"}, "10Gi", "needs iops"),
        ({"type": "io1", "iops": "501"}, "10Gi", "100 to 500 IOPS"),
        ({"type": "io2", "iopsPerGB": "1001"}, "10Gi", "100 to 10000 IOPS"),
        ({"type": "gp2", "iops": "3000"}, "10Gi", "iops cannot be set"),
        ({"type": "gp3", "iops": "2999"}, "10Gi", "3000 to 5000 IOPS"),
        ({"type": "gp3", "iops": "5001"}, "10Gi", "3000 to 5000 IOPS"),
        ({"type": "gp3", "throughput": "751"}, "10Gi", "125 to 750 MiB/s"),
        ({"type": "gp3", "iops": "many"}, "10Gi", "whole number"),
        ({"encrypted": "yes"}, "1Gi", "true or false"),
        ({"csi.storage.k8s.io/fstype": "zfs"}, "1Gi", "invalid fstype"),
    ],
)
def test_what_ebs_refuses_is_refused(parameters: dict[str, str], size: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        ebs_volume(_claim(size), _class(**parameters))


@pytest.mark.parametrize("mode", ["ReadWriteMany", "ReadOnlyMany"])
def test_a_file_system_of_ebs_has_one_node(mode: str) -> None:
    with pytest.raises(Refused, match=mode):
        ebs_volume(_claim(modes=("ReadWriteOnce", mode)), _class())


@given(st.sampled_from(sorted(TYPES)), st.integers(1, 80 << 40))
def test_a_size_is_rounded_up_and_within_the_limits_of_its_type_or_refused(kind: str, size: int) -> None:
    iops = {"iops": "100"} if kind in ("io1", "io2") else {}
    gib = -(-size // GIB)
    if TYPES[kind].smallest <= gib <= TYPES[kind].largest:
        assert ebs_volume(_claim(str(size)), _class(type=kind, **iops)).gib == gib
    else:
        with pytest.raises(Refused):
            ebs_volume(_claim(str(size)), _class(type=kind, **iops))


@given(st.sampled_from(["", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"]), st.integers(1, 5000))
def test_a_volume_is_never_smaller_than_asked_for_and_by_less_than_a_gib_larger(unit: str, number: int) -> None:
    asked = quantity(f"{number}{unit}")
    assert 0 <= gibibytes(f"{number}{unit}") * GIB - asked < GIB


def test_a_volume_is_in_the_zone_of_the_selected_node_and_as_its_class_says() -> None:
    spec = volume_for(_claim("1500Mi"), _class(), NODES)["spec"]
    (term,) = spec["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [
        {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["us-west-2b"]}
    ]
    assert spec["capacity"] == {"storage": "2Gi"}
    assert spec["persistentVolumeReclaimPolicy"] == "Retain"
    with pytest.raises(Refused, match="node gone"):
        volume_for(_claim(node="gone"), _class(), NODES)


def test_a_class_may_bind_at_once_in_one_of_its_zones() -> None:
    at_once, claim = _class("Immediate"), _claim(node=None)
    assert needs_volume(claim, at_once)
    assert not needs_volume(claim, _class())
    assert zone(claim, at_once, NODES) in {"us-west-2a", "us-west-2b", "us-west-2c"}
    only = {"matchLabelExpressions": [{"key": "topology.kubernetes.io/zone", "values": ["us-west-2c"]}]}
    assert zone(claim, at_once | {"allowedTopologies": [only]}, NODES) == "us-west-2c"


def test_a_volume_grows_to_what_its_claim_asks_for() -> None:
    claim, volume = _claim("10Gi"), volume_for(_claim("10Gi"), _class(type="gp2"), NODES)
    claim["status"] = {"phase": "Bound", "capacity": {"storage": "10Gi"}}
    assert expansion(claim, volume) is None
    claim["spec"]["resources"]["requests"]["storage"] = "10241Mi"
    grown = expansion(claim, volume)
    assert grown is not None
    assert grown.size == "11Gi"
    claim["spec"]["resources"]["requests"]["storage"] = "17Ti"
    with pytest.raises(Refused, match="16384"):
        expansion(claim, volume)


def test_only_a_released_volume_of_the_policy_delete_is_deleted() -> None:
    volume = volume_for(_claim(), _class() | {"reclaimPolicy": "Delete"}, NODES)
    assert not is_reclaimable(volume | {"status": {"phase": "Bound"}})
    assert is_reclaimable(volume | {"status": {"phase": "Released"}})
    assert not is_reclaimable(volume_for(_claim(), _class(), NODES) | {"status": {"phase": "Released"}})
    assert not is_reclaimable({"metadata": {}, "spec": volume["spec"], "status": {"phase": "Released"}})
