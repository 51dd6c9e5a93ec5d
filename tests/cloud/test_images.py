"""Images in ECR: pushed by `aura images`, found by a node by tag and by digest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from cli.images import NoRepository, Pushed, push
from local.node.runtime import manifests
from local.node.runtime.images import Catalog, Image, UnknownImage, declared_commands
from local.node.runtime.pulling import Images, NeverPulled
from tests.fixtures.cloud import REGION, Cloud

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def pushed(cloud: Cloud) -> Iterator[dict[str, Pushed]]:
    ecr = cloud.client("ecr")
    with pytest.raises(NoRepository, match="has no repository aura/"):
        push(cloud.site, REGION, "1.0")
    for name in declared_commands():
        ecr.create_repository(repositoryName=f"aura/{name}")
    yield {one.name: one for one in push(cloud.site, REGION, "1.0")}
    for name in declared_commands():
        ecr.delete_repository(repositoryName=f"aura/{name}", force=True)


@pytest.fixture
def pull(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Puller:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.site.endpoint_url)
    return Puller()


class Puller:
    """The images of a new node."""

    def __call__(self, reference: str, architecture: str = "amd64", policy: str = "IfNotPresent") -> Image:
        return asyncio.run(Images(Catalog(), "a-node", architecture).image(reference, policy))


def test_every_declared_image_is_found_by_tag_and_by_digest(pushed: dict[str, Pushed], pull: Puller) -> None:
    for name, command in declared_commands().items():
        one = pushed[name]
        for reference in (f"{one.uri}:1.0", one.reference):
            found = pull(reference, "arm64")
            assert found.entrypoint == tuple(command)
            assert found.identity == one.reference
            assert found.executable


def test_pushing_again_changes_nothing_and_another_tag_is_of_the_same_image(
    pushed: dict[str, Pushed], cloud: Cloud, pull: Puller
) -> None:
    assert {one.name: one for one in push(cloud.site, REGION, "1.0")} == pushed
    push(cloud.site, REGION, "1.1")
    assert pull(f"{pushed['auth'].uri}:1.1").identity == pull(f"{pushed['auth'].uri}:1.0").identity
    described = cloud.client("ecr").describe_images(repositoryName="aura/auth")["imageDetails"]
    assert [sorted(one["imageTags"]) for one in described] == [["1.0", "1.1"]]


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("{uri}:9.9", "not found"),
        ("{uri}@sha256:" + "0" * 64, "not found"),
        ("{host}/aura/nobody:1.0", "not found"),
        ("000000000000.dkr.ecr.us-west-2.amazonaws.com/aura/auth:1.0", "403 Forbidden"),
    ],
)
def test_what_the_registry_does_not_have_is_not_pulled(
    pushed: dict[str, Pushed], pull: Puller, reference: str, said: str
) -> None:
    uri = pushed["auth"].uri
    with pytest.raises(UnknownImage, match=said):
        pull(reference.format(uri=uri, host=uri.partition("/")[0]))


def test_the_architecture_has_to_fit_the_node(pushed: dict[str, Pushed], cloud: Cloud, pull: Puller) -> None:
    ecr, command = cloud.client("ecr"), declared_commands()["auth"]
    single = manifests.image(command, 10001, "linux/amd64")
    index = manifests.index(command, 10001, ["linux/amd64"])
    for tag, manifest, kind in (("single", single, manifests.IMAGE), ("index", index, manifests.INDEX)):
        ecr.put_image(
            repositoryName="aura/auth",
            imageManifest=manifest,
            imageManifestMediaType=kind,
            imageTag=tag,
            imageDigest=manifests.digest(manifest),
        )
    uri = pushed["auth"].uri
    assert pull(f"{uri}:single").executable
    assert not pull(f"{uri}:single", "arm64").executable
    with pytest.raises(UnknownImage, match="no match for platform linux/arm64"):
        pull(f"{uri}:index", "arm64")


def test_an_image_that_is_never_pulled_is_not_there(pushed: dict[str, Pushed], pull: Puller) -> None:
    with pytest.raises(NeverPulled, match="pull policy of Never"):
        pull(f"{pushed['auth'].uri}:1.0", policy="Never")
