"""The identity of a cluster, and how a node's storage is formatted with it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from dataclasses import asdict
from pathlib import Path

from local.engines.kafka.settings import CONTROLLER_PORT, Identity, Node, voters
from local.engines.runtime.files import write


def identity(folder: Path, controllers: int) -> Identity:
    """The identity of the cluster in `folder`; made on first use, with at most so many controllers.

    A cluster that was formatted before identities were kept has one controller.
    """
    file = folder / "cluster.json"
    if file.exists():
        known = json.loads(file.read_text())
        return Identity(**{**known, "voters": tuple(known["voters"])})
    formatted = _cluster_id(folder / "data" / "meta.properties")
    made = Identity(
        formatted or _uuid(os.urandom(15)),
        voters(1 if formatted else controllers),
        f"broker-{secrets.token_hex(8)}",
        secrets.token_hex(16),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write(file, json.dumps(asdict(made)).encode(), 0o600)
    return made


def format_arguments(node: Node, nodes: tuple[Node, ...], identity: Identity) -> list[str]:
    """Arguments of `StorageTool format` for the node, without its settings.

    Three controllers know each other from the start, by ids of their directories.
    """
    if node.id not in identity.voters:
        quorum = ["--no-initial-controllers"]
    elif len(identity.voters) == 1:
        quorum = ["--standalone"]
    else:
        known = [
            f"{n.id}@{n.address}:{CONTROLLER_PORT}:{_directory(identity, n.id)}"
            for n in nodes
            if n.id in identity.voters
        ]
        quorum = ["--initial-controllers", ",".join(known)]
    return ["-t", identity.cluster_id, *quorum]


def _directory(identity: Identity, node: int) -> str:
    return _uuid(hashlib.sha256(f"{identity.cluster_id}/{node}".encode()).digest()[:15])


def _uuid(random: bytes) -> str:
    """An id in Kafka's form, from 15 bytes; it does not begin with a dash, which programs would take for an option."""
    return base64.urlsafe_b64encode(b"A" + random).decode().rstrip("=")


def _cluster_id(meta: Path) -> str:
    """The cluster id in a meta.properties; empty without the file."""
    lines = meta.read_text().splitlines() if meta.exists() else []
    return next((line.partition("=")[2] for line in lines if line.startswith("cluster.id=")), "")
