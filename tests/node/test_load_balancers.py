"""Services of type LoadBalancer."""

from __future__ import annotations

import httpx
import pytest

from tests.node.conftest import Pods
from tests.node.manifests import pod, server

pytestmark = pytest.mark.integration


def test_a_service_gets_a_load_balancer_that_leads_to_its_pods_and_loses_it_with_its_type(pods: Pods) -> None:
    ports = [{"name": "web", "port": 8081, "targetPort": 8080}]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": ports},
    }
    pods.run(service, pod("web", server(env=[{"name": "VERSION", "value": "1"}])))
    pods.until_ready("web")

    def published() -> list[dict[str, str]]:
        return pods.cluster.get("service", "web", "-n", pods.namespace)["status"]["loadBalancer"].get("ingress", [])

    (ingress,) = pods.cluster.until(published)

    def answered() -> str:
        try:
            return httpx.get(f"http://{ingress['ip']}:8081/", trust_env=False, timeout=5).text
        except httpx.TransportError:
            return ""

    assert pods.cluster.until(answered) == "1"
    service["spec"]["type"] = "ClusterIP"
    pods.run(service)
    pods.cluster.until(lambda: not published())
