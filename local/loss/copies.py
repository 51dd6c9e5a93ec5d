"""What each copy of data in another region lacked when it was measured last: what the loss of its source would lose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from local.engines.runtime.files import write
from local.site import Site


class Copy(msgspec.Struct, frozen=True):
    """Of `name` in `store`, from region `source` to `target`."""

    arn: str
    """Of the resource that is a copy, or has them."""
    store: str
    name: str
    source: str
    target: str
    seconds: float | None
    """How old what the copy has is; None when that is not known, because it replicates nothing."""
    lacking: float
    """What it lacks, in `unit`."""
    unit: str
    at: float
    """When it was measured, in seconds of the epoch."""
    after: str = ""
    """What stands in the way of the replication; empty when nothing."""


class CopiesFile:
    """`<home>/cloud/copies.json`: whoever looks needs no endpoint that answers."""

    def __init__(self, site: Site) -> None:
        self.path = site.home / "cloud" / "copies.json"

    def read(self) -> list[Copy]:
        """Nothing when nothing was measured yet, or the file is of another version."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=list[Copy])
        except (FileNotFoundError, msgspec.DecodeError):
            return []

    def write(self, copies: list[Copy]) -> None:
        write(self.path, msgspec.json.encode(copies))


def remembered(before: Iterable[Copy], measured: Mapping[str, list[Copy] | None]) -> list[Copy]:
    """The newest measures of what exists; `measured` by ARN, None for one that cannot be measured now: it keeps what
    was measured last."""
    kept = [copy for copy in before if copy.arn in measured and measured[copy.arn] is None]
    return [*(copy for found in measured.values() for copy in found or ()), *kept]
