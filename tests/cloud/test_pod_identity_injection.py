"""What the webhook of EKS Pod Identity gives a container, and that no service of the platform can be without it."""

from __future__ import annotations

from typing import Any

from contracts import variables
from local.cloud.svc.eks.pod_identity.injection import patch


def environment(*env: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The variables of a container that is created with `env`."""
    (container,) = patch({"spec": {"containers": [{"name": "main", "env": list(env)}]}}, "us-west-2")[0]["value"]
    assert len({one["name"] for one in container["env"]}) == len(container["env"])
    return {one["name"]: one for one in container["env"]}


def test_a_service_that_needs_aws_cannot_set_what_the_webhook_sets() -> None:
    set_by_the_webhook = {name for name, one in environment().items() if "valueFrom" not in one}
    assert set_by_the_webhook <= set(variables.platform_sets(["http"], [variables.AWS], database=False))
    assert set(variables.AWS_SDK) <= set_by_the_webhook


def test_a_container_with_an_address_of_its_own_asks_the_agent_of_its_node() -> None:
    found = environment({"name": "AWS_NODE_IP", "value": "elsewhere"})
    assert found["AWS_NODE_IP"]["value"] == "elsewhere"
    (address,) = (name for name, one in found.items() if "valueFrom" in one)
    assert found["AWS_CONTAINER_CREDENTIALS_FULL_URI"]["value"].startswith(f"http://$({address}):")
