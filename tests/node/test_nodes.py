"""Nodes are added, removed and killed."""

from __future__ import annotations

import os
import signal

import pytest

from local.engines.kubernetes.node_group import NodeGroup
from local.node.settings import Taint
from tests.fixtures.cluster import Cluster
from tests.node.manifests import deployment, pod, shell

pytestmark = pytest.mark.integration


def _pids(cluster: Cluster, namespace: str, *names: str) -> list[str]:
    return [cluster.kubectl("logs", name, "-n", namespace).split()[0] for name in names]


def test_a_killed_node_process_adopts_its_pods(cluster: Cluster, namespace: str) -> None:
    node = cluster.on_demand.nodes[0]
    for name in ("stays", "goes"):
        cluster.apply(pod(name, shell("echo $$; exec sleep 1000"), nodeName=node), namespace=namespace)
        cluster.kubectl("wait", f"pod/{name}", "--for=condition=Ready", "-n", namespace, "--timeout=30s")
    stays, goes = _pids(cluster, namespace, "stays", "goes")
    _kill_node(cluster)
    os.kill(int(goes), signal.SIGKILL)
    cluster.on_demand.ensure(1)
    cluster.until(lambda: _restarts(cluster, namespace, "goes") == 1)
    assert _restarts(cluster, namespace, "stays") == 0
    assert _pids(cluster, namespace, "stays") == [stays]
    os.kill(int(stays), signal.SIGKILL)
    cluster.until(lambda: _restarts(cluster, namespace, "stays") == 1)


def test_a_pod_deleted_while_the_node_was_down_is_cleaned_up(cluster: Cluster, namespace: str) -> None:
    node = cluster.on_demand.nodes[0]
    cluster.apply(pod("doomed", shell("echo $$; exec sleep 1000"), nodeName=node), namespace=namespace)
    cluster.kubectl("wait", "pod/doomed", "--for=condition=Ready", "-n", namespace, "--timeout=30s")
    (pid,) = _pids(cluster, namespace, "doomed")
    _kill_node(cluster)
    cluster.kubectl("delete", "pod", "doomed", "-n", namespace, "--force", "--grace-period=0")
    assert _sleeps(pid)
    cluster.on_demand.ensure(1)
    cluster.until(lambda: not _sleeps(pid))


def test_scaling_in_moves_pods_and_removes_the_node(cluster: Cluster, namespace: str) -> None:
    taint = Taint("dedicated", "tests", "NoSchedule")
    group = NodeGroup(
        cluster.site, cluster.region, cluster.control_plane, "extra", labels={"extra": "yes"}, taints=(taint,)
    )
    try:
        cluster.until(lambda: group.ensure(2) or group.ready(2), seconds=60)
        first, second = group.nodes
        # the controller removes the taint not-ready some time after the node has become Ready
        declared_taints = [{"key": "dedicated", "value": "tests", "effect": "NoSchedule"}]
        cluster.until(lambda: cluster.get("node", first)["spec"]["taints"] == declared_taints)
        assert cluster.get("node", first)["metadata"]["labels"]["eks.amazonaws.com/nodegroup"] == "extra"
        toleration = {"key": "dedicated", "operator": "Exists"}
        declared = deployment(
            "work",
            4,
            shell("exec sleep 1000"),
            nodeSelector={"extra": "yes"},
            tolerations=[toleration],
            terminationGracePeriodSeconds=1,
        )
        cluster.apply(declared, namespace=namespace)
        cluster.kubectl("rollout", "status", "deployment/work", "-n", namespace, "--timeout=30s")
        assert _nodes_of(cluster, namespace) == {first, second}
        cluster.until(lambda: group.ensure(1) or group.ready(1), seconds=60)
        assert group.nodes == [first]
        assert "NotFound" in cluster.kubectl("get", "node", second, check=False)
        cluster.kubectl("rollout", "status", "deployment/work", "-n", namespace, "--timeout=30s")
        assert _nodes_of(cluster, namespace) == {first}
    finally:
        group.delete()
    assert "NotFound" in cluster.kubectl("get", "node", first, check=False)


def test_a_stopped_node_ends_its_processes_and_restarts_the_pods(cluster: Cluster, namespace: str) -> None:
    node = cluster.spot.nodes[0]
    cluster.apply(pod("work", shell("echo $$; exec sleep 1000"), nodeName=node), namespace=namespace)
    cluster.kubectl("wait", "pod/work", "--for=condition=Ready", "-n", namespace, "--timeout=30s")
    (pid,) = _pids(cluster, namespace, "work")
    cluster.spot.stop()
    assert not _sleeps(pid)
    cluster.until(lambda: cluster.spot.ensure(1) or cluster.spot.ready(1))
    cluster.until(lambda: _restarts(cluster, namespace, "work") == 1)


def _kill_node(cluster: Cluster) -> None:
    """SIGKILL to the on-demand node's process alone; returns when it is dead; its Pods keep running."""
    (name,) = cluster.on_demand.nodes
    process = cluster.on_demand.process(name)
    pid = process.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    cluster.until(lambda: process.pid() is None)


def _restarts(cluster: Cluster, namespace: str, name: str) -> int:
    """restartCount of a running container; -1 while it is not running."""
    (status,) = cluster.get("pod", name, "-n", namespace)["status"]["containerStatuses"]
    return status["restartCount"] if "running" in status["state"] else -1


def _nodes_of(cluster: Cluster, namespace: str) -> set[str]:
    pods = cluster.get("pods", "-n", namespace)["items"]
    return {pod["spec"]["nodeName"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}


def _sleeps(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline") as file:  # noqa: PTH123
            return "sleep" in file.read()
    except FileNotFoundError:
        return False
