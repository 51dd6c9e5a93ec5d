"""Manifests of images in a registry: what is pushed, and what a node makes of it. No I/O.

A manifest names a configuration and layers by their digests. Their contents are not in the registry here: the
configuration is an annotation beside its digest, and what the layers would have is this checkout.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
_DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
ACCEPTED = (INDEX, IMAGE, _DOCKER_INDEX, _DOCKER_IMAGE)
CONFIGURATION = "com.aurawellness.image.config"
"""Annotation: the configuration, JSON."""


class NotOnThisMachine(LookupError):
    """The registry has the manifest, but nobody has the contents that it names."""


class NoSuchPlatform(LookupError):
    """The index has no image for the platform of the node."""


@dataclass(frozen=True)
class Configuration:
    """What an image runs, and as whom. `executable`: its programs are for this node's architecture."""

    entrypoint: tuple[str, ...]
    uid: int
    executable: bool = True


def image(command: Sequence[str], uid: int, platform: str) -> str:
    """The manifest of an image for a platform such as "linux/arm64"."""
    return _text(_image(command, uid, platform))


def index(command: Sequence[str], uid: int, platforms: Iterable[str]) -> str:
    """The manifest of an image that was built for several platforms: what `docker buildx build --push` makes."""
    manifests = []
    for platform in platforms:
        content = _image(command, uid, platform)
        text = _text(content)
        system, _, architecture = platform.partition("/")
        manifests.append(
            {
                "mediaType": IMAGE,
                "digest": digest(text),
                "size": len(text),
                "platform": {"architecture": architecture, "os": system},
                "annotations": content["annotations"],
            }
        )
    return _text({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})


def digest(text: str) -> str:
    """By which a registry knows a manifest."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def configuration(manifest: str, architecture: str) -> Configuration:
    """What a node of this architecture runs. Raises NotOnThisMachine or NoSuchPlatform."""
    content = json.loads(manifest)
    if "manifests" in content:
        wanted = {"os": "linux", "architecture": architecture}
        found = [one for one in content["manifests"] if wanted.items() <= one.get("platform", {}).items()]
        if not found:
            raise NoSuchPlatform(f"no match for platform linux/{architecture} in manifest: not found")
        return _configuration(found[0].get("annotations") or {}, found[0].get("digest", ""), architecture)
    return _configuration(content.get("annotations") or {}, digest(manifest), architecture)


def _configuration(annotations: Mapping[str, str], name: str, architecture: str) -> Configuration:
    if CONFIGURATION not in annotations:
        raise NotOnThisMachine(f"the layers of {name} are not on this machine: `aura images` pushes what it has")
    content = json.loads(annotations[CONFIGURATION])
    config = content["config"]
    return Configuration(tuple(config["Entrypoint"]), int(config["User"]), content["architecture"] == architecture)


def _image(command: Sequence[str], uid: int, platform: str) -> dict[str, Any]:
    system, _, architecture = platform.partition("/")
    config = _text(
        {"architecture": architecture, "os": system, "config": {"Entrypoint": list(command), "User": str(uid)}}
    )
    return {
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": {"mediaType": _CONFIG, "digest": digest(config), "size": len(config)},
        "layers": [],
        "annotations": {CONFIGURATION: config},
    }


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
