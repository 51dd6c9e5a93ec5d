"""metrics.k8s.io on a real control plane: `kubectl top`, and a HorizontalPodAutoscaler that scales by it."""

from __future__ import annotations

from typing import Any

import pytest

from local.node.addons import installed
from tests.fixtures.cluster import Cluster
from tests.node.conftest import Pods
from tests.node.manifests import container, deployment

pytestmark = pytest.mark.integration

_BURN = "import os, time\nwhile True:\n    time.sleep(0.2) if os.path.exists('/calm/now') else sum(range(99999))"


def test_a_deployment_that_burns_is_scaled_up_and_down_again(pods: Pods) -> None:
    burner = container(
        image="aura-local/python",
        args=["-c", _BURN],
        resources={"requests": {"cpu": "100m"}},
        volumeMounts=[{"name": "calm", "mountPath": "/calm"}],
    )
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "burner"}
    usage = {"type": "Utilization", "averageUtilization": 50}
    quick = {"stabilizationWindowSeconds": 0}
    scaler: dict[str, Any] = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "burner"},
        "spec": {
            **{"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 2},
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": usage}}],
            "behavior": {"scaleDown": quick, "scaleUp": quick},
        },
    }
    pods.run(deployment("burner", 1, burner, volumes=[{"name": "calm", "emptyDir": {}}]), scaler)
    names = pods.cluster.until(lambda: n if len(n := _ready(pods)) == 2 else set(), seconds=90)
    top = pods.cluster.until(lambda: _top(pods, "pods", "-n", pods.namespace))
    assert names & top.keys()
    assert max(int(cpu.removesuffix("m")) for cpu, _ in top.values()) >= 50
    for name in names:
        pods.exec(name, "touch", "/calm/now")
    pods.cluster.until(lambda: len(_ready(pods)) == 1, seconds=90)
    nodes = _top(pods, "nodes")
    assert nodes.keys() == {node["metadata"]["name"] for node in pods.cluster.get("nodes")["items"]}


def test_without_the_add_on_there_is_no_metrics_api(pods: Pods) -> None:
    cluster, folder = pods.cluster, pods.cluster.control_plane.folder / "addons"
    cluster.until(lambda: _available(cluster))
    try:
        installed.write(folder, {installed.VPC_CNI: {}, installed.EBS_CSI_DRIVER: {}})
        cluster.until(lambda: "Metrics API not available" in cluster.kubectl("top", "nodes", check=False))
    finally:
        (folder / "installed.json").unlink()
    cluster.until(lambda: _available(cluster))


def _available(cluster: Cluster) -> bool:
    answer = cluster.kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes", check=False)
    return "NodeMetrics" in answer


def _ready(pods: Pods) -> set[str]:
    items = pods.cluster.get("pods", "-l", "app=burner", "-n", pods.namespace)["items"]
    return {
        item["metadata"]["name"]
        for item in items
        if "deletionTimestamp" not in item["metadata"]
        and any(c["type"] == "Ready" and c["status"] == "True" for c in item["status"].get("conditions", []))
    }


def _top(pods: Pods, *argv: str) -> dict[str, tuple[str, str]]:
    lines = pods.cluster.kubectl("top", *argv, "--no-headers", check=False).splitlines()
    rows = [line.split() for line in lines if "error" not in line and "not available" not in line]
    return {row[0]: (row[1], row[2]) for row in rows if len(row) >= 3}
