"""Whether a real API server with the definitions of all controllers takes what is applied in production."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.site import CHECKOUT
from tests.fixtures.cluster import Cluster
from tests.fixtures.controllers import prepare
from tests.manifests.overlays import objects, text, with_qdrant

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def defined(cluster: Cluster) -> Cluster:
    prepare(cluster)
    cluster.kubectl("apply", "--server-side", "-f", str(CHECKOUT / "manifests" / "crds"))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    return cluster


@pytest.mark.parametrize("region", ["us-west-2", "us-east-1"])
@pytest.mark.parametrize("stack", ["prod", "staging"])
def test_the_api_server_takes_every_object_of_a_stack(defined: Cluster, stack: str, region: str) -> None:
    dry_run = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts", "-f", "-")
    printed = defined.kubectl(*dry_run, stdin=text(stack, region)).splitlines()
    assert len(printed) == len(objects(stack, region))


def test_the_api_server_takes_a_stack_with_a_server_of_qdrant(defined: Cluster, tmp_path: Path) -> None:
    printed = defined.kubectl(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", stdin=with_qdrant(tmp_path)
    )
    assert "statefulset.apps/qdrant serverside-applied" in printed
    assert "auraservice.platform.aurawellness.com/recommend serverside-applied" in printed


def test_the_api_server_refuses_a_field_that_a_controller_does_not_know(defined: Cluster) -> None:
    """So that the test above can fail: the definitions are those of the controllers, not open ones."""
    wrong = text("prod").replace("secretName: gateway-tls", "secretNames: gateway-tls")
    printed = defined.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=wrong, check=False)
    assert "secretName" in printed
