"""NetworkPolicies between Pods, enforced by the kernel when the add-on vpc-cni is configured to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from local.node.addons import installed
from local.node.runtime import groups
from tests.node.conftest import Pods
from tests.node.manifests import pod, server, service, shell

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.getuid() != 0 or groups.root() is None, reason="needs root and control groups (cgroup v2)"),
]


@pytest.fixture
def enforcing(pods: Pods) -> Iterator[Pods]:
    """Pods of a cluster whose add-on vpc-cni enforces NetworkPolicies."""
    folder = pods.cluster.control_plane.folder / "addons"
    addons = {name: {} for name in (installed.METRICS_SERVER, installed.EBS_CSI_DRIVER)}
    installed.write(folder, {**addons, installed.VPC_CNI: {"enableNetworkPolicy": "true"}})
    yield pods
    (folder / "installed.json").unlink()


def _policy(name: str, app: str, **spec: Any) -> dict[str, Any]:
    types = [kind for kind, key in (("Ingress", "ingress"), ("Egress", "egress")) if key in spec]
    content = {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": types, **spec}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": content,
    }


def _connects(pods: Pods, source: str, host: str, port: int) -> bool:
    """Whether the Pod can open a connection; what is not allowed is dropped, so it waits until its own deadline."""
    code = f"import socket; socket.create_connection(('{host}', {port}), 1).close(); print('connected')"
    return "connected" in pods.exec(source, "python", "-c", code, check=False)


def test_only_the_allowed_pods_connect_directly_and_by_the_service(enforcing: Pods) -> None:
    pods = enforcing
    idle = shell("exec sleep 1000")
    pods.run(
        pod("shop", server()),
        service("shop", {"port": 80, "targetPort": "http"}),
        pod("friend", idle),
        pod("other", idle),
    )
    for name in ("shop", "friend", "other"):
        pods.until_ready(name)
    address = pods.status("shop")["podIP"]
    cluster_ip = pods.cluster.get("service", "shop", "-n", pods.namespace)["spec"]["clusterIP"]
    pods.cluster.until(lambda: _connects(pods, "other", cluster_ip, 80))
    assert _connects(pods, "other", address, 8080)

    friends = [{"from": [{"podSelector": {"matchLabels": {"app": "friend"}}}], "ports": [{"port": 8080}]}]
    pods.run(_policy("friends", "shop", ingress=friends))
    pods.cluster.until(lambda: not _connects(pods, "other", address, 8080))
    assert not _connects(pods, "other", cluster_ip, 80)
    assert _connects(pods, "friend", address, 8080)
    assert _connects(pods, "friend", cluster_ip, 80)
    assert pods.container("shop")["ready"]  # the probes of its node reach it

    pods.run(_policy("confined", "friend", egress=[]))
    pods.cluster.until(lambda: not _connects(pods, "friend", address, 8080))
    assert not _connects(pods, "friend", cluster_ip, 80)
    pods.cluster.kubectl("delete", "networkpolicy", "--all", "-n", pods.namespace)
    pods.cluster.until(lambda: _connects(pods, "other", address, 8080) and _connects(pods, "friend", cluster_ip, 80))


def test_without_the_configuration_a_policy_is_not_enforced_as_on_eks(pods: Pods) -> None:
    pods.run(_policy("closed", "shop", ingress=[]), pod("shop", server()), pod("other", shell("exec sleep 1000")))
    for name in ("shop", "other"):
        pods.until_ready(name)
    assert _connects(pods, "other", pods.status("shop")["podIP"], 8080)
