"""The image catalog: maps images to local entry points; no image is ever pulled."""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.platform import CA_FILE
from local.node.runtime.user import User
from local.site import CHECKOUT, Site
from local.toolchain import tools

log = logging.getLogger(__name__)

_LOCAL = {
    "gateway": ("python", "-m", "local.gateway"),
    "cloudnativepg": ("python", "-m", "local.cloudnativepg"),
    "cert-manager": ("python", "-m", "local.certmanager"),
    "external-dns": ("python", "-m", "local.externaldns"),
    "cloudnativepg-instance": ("python", "-m", "local.cloudnativepg.object_store"),
    "python": ("python",),
    "sh": ("/bin/sh",),
}
"""`aura-local/<name>`: controllers that replace third-party ones on EKS, and bare interpreters."""


USER = User(10001, 10001)
"""Of `aura/` images, as the Dockerfile says."""


class UnknownImage(LookupError):
    """The catalog has no such image."""


@dataclass(frozen=True)
class Image:
    """`entrypoint` (replaced by a container's `command`, followed by its `args`) and `env` of an image."""

    entrypoint: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    user: User | None = None
    """Who its processes run as; None: it has no user of its own, and runs as the node does."""
    files: Sequence[str] = field(default_factory=tuple)
    """Paths that it has besides those that every image has."""
    identity: str = ""
    """Its reference by digest, if it is of a registry."""
    executable: bool = True
    """Whether its programs are for this node's architecture."""


class Catalog:
    """Images of images.toml (`aura/<name>`, with any registry and tag) and the local ones."""

    def __init__(self, checkout: Path = CHECKOUT) -> None:
        self._built_in = _built_in_env()
        site = {name: os.environ[name] for name in ("AURA_HOME", "AURA_SITE") if name in os.environ}
        self._images = {f"aura/{name}": self.built(argv, USER) for name, argv in declared_commands(checkout).items()}
        self._images |= {f"aura-local/{name}": Image(entrypoint, site) for name, entrypoint in _LOCAL.items()}

    def built(self, entrypoint: Sequence[str], user: User, identity: str = "", *, executable: bool = True) -> Image:
        """An image as the Dockerfile makes it."""
        return Image(tuple(entrypoint), self._built_in, user, tuple(self._built_in.values()), identity, executable)

    def image(self, reference: str) -> Image:
        """Raises UnknownImage with a message like a kubelet's pull error."""
        found = self._images.get(repository(reference))
        if found is None:
            known = ", ".join(sorted(self._images))
            raise UnknownImage(f'failed to pull image "{reference}": not in the catalog of this machine ({known})')
        return found


def declared_commands(checkout: Path = CHECKOUT) -> dict[str, list[str]]:
    """Name of each image of images.toml -> what it runs."""
    declared = tomllib.loads((checkout / "images.toml").read_text())["aura"]
    return {name: entry["command"] for name, entry in declared.items()}


def declared_platforms(checkout: Path = CHECKOUT) -> list[str]:
    """What the images of images.toml are built for, such as "linux/arm64"."""
    return tomllib.loads((checkout / "images.toml").read_text())["platforms"]


def _built_in_env() -> dict[str, str]:
    """Variables set by the build of an `aura/` image: paths of the files that it brings along."""
    env: dict[str, str] = {}
    authority = Site.current().authority / "ca.crt"
    if authority.exists():
        env[CA_FILE] = str(authority)
    else:
        log.warning("Pods that need AWS's databases, brokers or caches will not trust them: there is no %s", authority)
    try:
        env["EMBEDDING_MODEL_DIR"] = str(tools.model())
    except tools.ToolMissing as error:
        log.warning("Pods that need sentence embeddings will fail: %s", error)
    return env


def repository(reference: str) -> str:
    """The last two parts of an image's name: "123.dkr.ecr.us-west-2.amazonaws.com/aura/auth:1.4" -> "aura/auth"."""
    path = reference.partition("@")[0].split("/")
    path[-1] = path[-1].partition(":")[0]
    return "/".join(path[-2:])


def command(image: Image, override: Sequence[str] | None, args: Sequence[str] | None) -> list[str]:
    """The command line: a container's `command` replaces the entry point, its `args` follow."""
    return [*(override or image.entrypoint), *(args or ())]
