"""What all Pods of a node share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.node.api import Api, Object
from local.node.runtime.execution import Mount
from local.node.runtime.pulling import Images
from local.site import CHECKOUT


@dataclass(frozen=True)
class NodeContext:
    """The node as its Pods see it."""

    api: Api
    images: Images
    node_address: str
    volumes: Path
    base_environment: dict[str, str]
    image_files: Sequence[str]
    """Paths of the files that every image has: interpreter, libraries, this checkout."""
    accounts: Sequence[Mount]
    """/etc/passwd and /etc/group of images that have a user."""
    services: Callable[[], Iterable[Object]]
    record_event: Callable[[Object, str, str, str], None]
    """(object, reason, message, type)"""


def base_environment() -> dict[str, str]:
    """Variables of every image: this checkout's interpreter comes first on PATH, its code on PYTHONPATH."""
    kept = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME", "TZ", "SSL_CERT_FILE") if name in os.environ}
    path = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return kept | {"PATH": path, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(CHECKOUT)}


def image_files() -> list[str]:
    """The interpreter with its libraries, this checkout, and the certificates that are trusted."""
    trusted = [os.environ["SSL_CERT_FILE"]] if "SSL_CERT_FILE" in os.environ else []
    return [str(CHECKOUT), sys.executable, sys.prefix, sys.base_prefix, *trusted]
