"""What becomes of a Pod whose image its node cannot run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from local.node.runtime import manifests
from tests.fixtures.cluster import REGION
from tests.node.conftest import Pods
from tests.node.manifests import container, pod

pytestmark = pytest.mark.integration
ECR = "123456789012.dkr.ecr.us-west-2.amazonaws.com"


@pytest.fixture
def ecr(pods: Pods) -> Iterator[Any]:
    """boto3 client of the only ECR that the nodes of this cluster know."""
    host = pods.cluster.site.endpoint_host
    server = ThreadedMotoServer(ip_address=host, port=4566, verbose=False)
    server.start()
    yield boto3.client(
        "ecr",
        region_name=REGION,
        endpoint_url=f"http://{host}:4566",
        aws_access_key_id="tester",
        aws_secret_access_key="tester",
    )
    server.stop()


def test_a_pod_runs_by_digest_or_its_status_has_the_reason(pods: Pods, ecr: Any) -> None:
    ecr.create_repository(repositoryName="aura/sleeper")
    here, elsewhere = (
        manifests.image(["sleep", "1000"], 10001, f"linux/{architecture}") for architecture in ("amd64", "s390x")
    )
    for tag, manifest in (("here", here), ("elsewhere", elsewhere)):
        ecr.put_image(
            repositoryName="aura/sleeper",
            imageManifest=manifest,
            imageManifestMediaType=manifests.IMAGE,
            imageTag=tag,
            imageDigest=manifests.digest(manifest),
        )
    by_digest = f"{ECR}/aura/sleeper@{manifests.digest(here)}"
    pods.run(
        pod("runs", container(image=by_digest)),
        pod("foreign", container(image=f"{ECR}/aura/sleeper:elsewhere")),
        pod("unknown", container(image=f"{ECR}/aura/sleeper:gone")),
        pod("nameless", container(image="Not/A Name")),
    )
    pods.until_ready("runs")
    assert pods.container("runs")["imageID"] == by_digest
    pods.cluster.until(lambda: pods.container("foreign").get("restartCount", 0) >= 1)
    assert pods.container("foreign")["lastState"]["terminated"]["exitCode"] == 255
    assert "exec sleep: exec format error" in pods.logs("foreign", "--previous")
    for name, reasons, said in (
        ("unknown", {"ErrImagePull", "ImagePullBackOff"}, "not found"),
        ("nameless", {"InvalidImageName"}, "invalid reference format"),
    ):
        pods.cluster.until(lambda name=name, reasons=reasons: _waiting(pods, name).get("reason") in reasons)
        assert said in _waiting(pods, name)["message"]


def _waiting(pods: Pods, name: str) -> dict[str, str]:
    return pods.container(name).get("state", {}).get("waiting", {})
