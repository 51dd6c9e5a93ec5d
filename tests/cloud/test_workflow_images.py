"""The workflows' steps that talk to the registry, on the local endpoint with the real AWS CLI."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.images import push
from local.cloud.context import ACCOUNT
from local.node.runtime.images import declared_commands
from tests.fixtures.cloud import KEY, REGION, Cloud
from tests.workflows.blocks import block, execute

pytestmark = pytest.mark.integration
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
SHA = "0123abcd"
SOME = ("auth", "ingest")
"""The AWS CLI takes a second for each call."""


@pytest.fixture
def environ(cloud: Cloud) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": cloud.site.endpoint_url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_PAGER": "",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


@pytest.fixture
def pushed(cloud: Cloud) -> Iterator[list[str]]:
    """References of what is in the registry with the commit's tag."""
    ecr = cloud.client("ecr")
    for name in declared_commands():
        ecr.create_repository(repositoryName=f"aura/{name}", imageTagMutability="IMMUTABLE")
    yield [one.reference for one in push(cloud.site, REGION, SHA) if one.name in SOME]
    for name in declared_commands():
        ecr.delete_repository(repositoryName=f"aura/{name}", force=True)


def test_references_are_found_and_what_is_deployed_is_marked_once(
    pushed: list[str], cloud: Cloud, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "digests").mkdir()
    for name in SOME:
        for platform in ("amd64", "arm64"):
            (tmp_path / "digests" / f"{name}.{platform}").write_text("sha256:of-one-platform\n")
    found = execute(block("deliver/index/References by digest"), tmp_path, environ | {"REGISTRY": REGISTRY})[
        "references"
    ]
    assert sorted(found.split()) == sorted(pushed)

    mark = block("deploy/mark/Tags by which the registry keeps what is deployed")
    for _ in range(2):  # a deployment may be repeated
        execute(mark, tmp_path, environ | {"STACK": "staging", "REFERENCES": found})
    for reference in pushed:
        name, _, digest = reference.partition("@")
        (image,) = cloud.client("ecr").describe_images(
            repositoryName=name.partition("/")[2], imageIds=[{"imageDigest": digest}]
        )["imageDetails"]
        assert sorted(image["imageTags"]) == [SHA, f"staging-{SHA}"]
