"""Images that are pushed are copied into the registries that the rules of a registry name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from moto.ecr.models import ECRBackend, ecr_backends

from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.moto_backends import image_replication
from local.cloud.replication import images
from local.site import Site

WEST, EAST = "us-west-2", "us-east-1"
MEDIA_TYPE = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ECRBackend, ECRBackend]]:
    monkeypatch.setattr(ECRBackend, "put_replication_configuration", image_replication.configured)
    west, east = ecr_backends[ACCOUNT][WEST], ecr_backends[ACCOUNT][EAST]
    for registry in (west, east):
        registry.reset()
    yield west, east
    for registry in (west, east):
        registry.reset()


def push(registry: ECRBackend, repository: str, tag: str, text: str) -> str:
    manifest = json.dumps({"mediaType": MEDIA_TYPE, "manifests": [], "annotations": {"of": text}})
    return registry.put_image(repository, manifest, tag, MEDIA_TYPE, f"sha256:{text}").get_image_digest()


def replicate(folder: Path) -> None:
    versions = count()
    (west, east) = images.RegistryReplications(CloudContext(Site(folder)), lambda: next(versions)).backings()
    west.reconcile()
    east.reconcile()


def test_what_is_pushed_after_the_rule_is_there_by_digest_and_tag(
    registries: tuple[ECRBackend, ECRBackend], tmp_path: Path
) -> None:
    west, east = registries
    for repository in ("aura/auth", "other/tool"):
        west.create_repository(repository, None, {"encryptionType": "KMS"}, None, "MUTABLE", [])
    push(west, "aura/auth", "old", "old")
    destination = {"region": EAST, "registryId": ACCOUNT}
    ours = {"filter": "aura/", "filterType": "PREFIX_MATCH"}
    west.put_replication_configuration({"rules": [{"destinations": [destination], "repositoryFilters": [ours]}]})
    digest = push(west, "aura/auth", "1.0", "new")
    push(west, "other/tool", "1.0", "tool")
    replicate(tmp_path)
    there = east.repositories["aura/auth"].images
    copied = {tag: image.get_image_digest() for image in there for tag in image.image_tags}
    assert copied == {"1.0": digest}
    assert "other/tool" not in east.repositories
    push(west, "aura/auth", "prod", "new")
    replicate(tmp_path)
    (image,) = east.repositories["aura/auth"].images
    assert set(image.image_tags) == {"1.0", "prod"}
    east.repositories["aura/auth"].images.clear()
    replicate(tmp_path)
    assert not east.repositories["aura/auth"].images, "what was deleted there is not copied again"
