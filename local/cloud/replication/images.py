"""Images of ECR, copied with their tags into the registries of other regions as the registry's rules say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from moto.ecr.exceptions import ImageAlreadyExistsException
from moto.ecr.models import ECRBackend, Image, ecr_backends

from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.moto_backends.image_replication import images_of, is_copied, note_copied
from local.site import REGIONS


@dataclass(frozen=True)
class RegistryReplication:
    """Of the registry of a region. It has no process of its own."""

    context: CloudContext
    region: str
    version: Callable[[], object]
    copied: dict[str, object]
    """The version of ECR in which nothing was due, by region."""

    @property
    def key(self) -> str:
        return f"arn:aws:ecr:{self.region}:{ACCOUNT}:registry"

    def reconcile(self) -> None:
        with self.context.lock:
            version = self.version()
            if self.copied.get(self.region) == version:
                return
            wanted = list(_due(ecr_backends[ACCOUNT][self.region]))
            due = [one for one in wanted if self.context.reach(self.region, one[2])]
            if due:
                with self.context.mutation():
                    for image, tag, region in due:
                        _copy(image, tag, ecr_backends[ACCOUNT][region])
                    for image, tag, _ in due:
                        note_copied(image, tag)
            if due == wanted:
                self.copied[self.region] = version


class RegistryReplications:
    """The backings of all registries. `version` is another one once ECR has changed."""

    def __init__(self, context: CloudContext, version: Callable[[], object]) -> None:
        self.context, self.version = context, version
        self._copied: dict[str, object] = {}

    def backings(self) -> list[RegistryReplication]:
        return [RegistryReplication(self.context, region, self.version, self._copied) for region in REGIONS]


def _due(source: ECRBackend) -> Iterator[tuple[Image, str | None, str]]:
    """Images with a tag (or None for one without) that a rule copies, each with the region of the copy."""
    for rule in source.replication_config["rules"]:
        prefixes = [one["filter"] for one in rule.get("repositoryFilters") or []] or [""]
        regions = [one["region"] for one in rule["destinations"] if one["registryId"] == ACCOUNT]
        for name, image in images_of(source):
            if not name.startswith(tuple(prefixes)):
                continue
            for tag in image.image_tags or [None]:
                if not is_copied(image, tag):
                    yield from ((image, tag, region) for region in regions if region in REGIONS)


def _copy(image: Image, tag: str | None, to: ECRBackend) -> None:
    """Into the repository of the same name; ECR makes one with its defaults where there is none."""
    if image.repository_name not in to.repositories:
        to.create_repository(image.repository_name, None, {"encryptionType": "AES256"}, None, "MUTABLE", [])
    given: Any = tag
    with suppress(ImageAlreadyExistsException):  # the same bytes, pushed there already
        to.put_image(
            image.repository_name,
            image.image_manifest,
            given,
            image.image_manifest_media_type,
            image.get_image_digest(),
        )
