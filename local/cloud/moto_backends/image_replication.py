"""ECR remembers of each image what was copied to other regions; what was pushed before a configuration is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ecr.models import ECRBackend, Image

_COPIED = "aura_copied_tags"
_put_configuration = ECRBackend.put_replication_configuration


def install() -> None:
    """Replaces a method of moto's class."""
    ECRBackend.put_replication_configuration = configured


def configured(self: Any, replication_config: dict[str, Any]) -> dict[str, Any]:
    answer = _put_configuration(self, replication_config)
    for _, image in images_of(self):
        note_copied(image, *image.image_tags, None)
    return answer


def images_of(registry: ECRBackend) -> Iterator[tuple[str, Image]]:
    """Every image with the name of its repository."""
    for name, repository in registry.repositories.items():
        for image in repository.images:
            yield name, image


def is_copied(image: Image, tag: str | None) -> bool:
    """Whether the image was copied with this tag; None is an image without one."""
    return tag in getattr(image, _COPIED, ())


def note_copied(image: Image, *tags: str | None) -> None:
    setattr(image, _COPIED, {*getattr(image, _COPIED, ()), *tags})
