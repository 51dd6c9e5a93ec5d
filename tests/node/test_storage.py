"""Volumes of EBS on a real control plane: classes, zones, sizes, and what outlives what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.node.conftest import Pods
from tests.node.manifests import pod, shell, storage_class, volume_claim

pytestmark = pytest.mark.integration


def test_a_claim_without_a_class_is_pending_with_an_event(pods: Pods) -> None:
    claim = volume_claim("nameless", "")
    del claim["spec"]["storageClassName"]
    pods.run(claim, storage_class("shared"), volume_claim("many", "shared", modes=["ReadWriteMany"]))
    pods.run(*(pod(name, shell("true"), **_with(name), restartPolicy="Never") for name in ("nameless", "many")))
    pods.cluster.until(lambda: "no storage class is set" in _events(pods, "nameless"))
    pods.cluster.until(lambda: "ReadWriteMany is not supported" in _events(pods, "many"))
    for name in ("nameless", "many"):
        assert _claim(pods, name)["status"]["phase"] == "Pending"
        assert pods.status(name)["phase"] == "Pending"


def test_a_claim_is_bound_in_its_nodes_zone_grows_and_what_is_written_outlives_the_pod(pods: Pods) -> None:
    pods.run(storage_class("grows", allowVolumeExpansion=True), volume_claim("state", "grows"))
    mounts = [{"name": "v", "mountPath": "/aura-state"}]
    spot = {"nodeSelector": {"eks.amazonaws.com/capacityType": "SPOT"}}
    script = "echo kept > /aura-state/f; stat -c '%u %a' /aura-state"
    pods.run(pod("writer", shell(script, volumeMounts=mounts), restartPolicy="Never", **_with("state"), **spot))
    pods.until_phase("writer", "Succeeded")
    assert pods.logs("writer") == "0 755\n"
    name = _claim(pods, "state")["spec"]["volumeName"]
    (node,) = pods.cluster.get("nodes", "-l", "eks.amazonaws.com/capacityType=SPOT")["items"]
    (term,) = pods.cluster.get("pv", name)["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == [node["metadata"]["labels"]["topology.kubernetes.io/zone"]]
    pods.cluster.kubectl("delete", "pod", "writer", "-n", pods.namespace)
    pods.run(volume_claim("state", "grows", "1537Mi"))
    pods.run(pod("reader", shell("cat /aura-state/f", volumeMounts=mounts), restartPolicy="Never", **_with("state")))
    pods.until_phase("reader", "Succeeded")  # on the spot node again: no other is in the zone
    assert pods.logs("reader") == "kept\n"
    pods.cluster.until(lambda: _claim(pods, "state")["status"]["capacity"]["storage"] == "2Gi")
    folder = pods.cluster.control_plane.volumes / name
    assert (folder / "f").exists()
    pods.cluster.kubectl("delete", "pod/reader", "pvc/state", "-n", pods.namespace)
    pods.cluster.until(lambda: not folder.exists())


def test_a_class_without_expansion_and_a_volume_that_is_kept(pods: Pods) -> None:
    kept = storage_class("keeps", reclaimPolicy="Retain", volumeBindingMode="Immediate")
    pods.run(kept, volume_claim("state", "keeps"))
    pods.cluster.until(lambda: _claim(pods, "state").get("status", {}).get("phase") == "Bound")
    larger = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    refused = pods.cluster.kubectl("patch", "pvc", "state", "-n", pods.namespace, "-p", json.dumps(larger), check=False)
    assert "only dynamically provisioned pvc can be resized" in refused
    name = _claim(pods, "state")["spec"]["volumeName"]
    pods.cluster.kubectl("delete", "pvc", "state", "-n", pods.namespace)
    pods.cluster.until(lambda: pods.cluster.get("pv", name)["status"]["phase"] == "Released")
    assert (pods.cluster.control_plane.volumes / name).is_dir()
    pods.cluster.kubectl("delete", "pv", name)


def test_the_class_of_a_new_cluster_is_gp2_and_not_the_default(pods: Pods) -> None:
    pods.run(volume_claim("old", "gp2"), pod("uses", shell("true"), restartPolicy="Never", **_with("old")))
    pods.until_phase("uses", "Succeeded")
    defaults = [
        one["metadata"]["name"]
        for one in pods.cluster.get("storageclasses")["items"]
        if one["metadata"].get("annotations", {}).get("storageclass.kubernetes.io/is-default-class") == "true"
    ]
    assert defaults == []


def _with(claim: str) -> dict[str, Any]:
    return {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]}


def _claim(pods: Pods, name: str) -> dict[str, Any]:
    return pods.cluster.get("pvc", name, "-n", pods.namespace)


def _events(pods: Pods, claim: str) -> str:
    return pods.cluster.kubectl("events", "-n", pods.namespace, "--for", f"pvc/{claim}")
