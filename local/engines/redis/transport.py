"""How a Redis server speaks with its clients and replicas."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local.engines.certificates import Pair


@dataclass(frozen=True)
class Tls:
    """The server's certificate, and the authority that it and its clients trust."""

    pair: Pair
    authority: Path
    required: bool = True
    """Whether clients without TLS are refused. Replicas and the provider use TLS in any case."""
