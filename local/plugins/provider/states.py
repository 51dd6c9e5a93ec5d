"""What the states of the stacks hold: which resource of AWS is recorded, and as what.

Pulumi's self-managed backend keeps a file for each stack, .pulumi/stacks/<project>/<stack>.json, and rewrites it after
every step; a plugin inherits PULUMI_BACKEND_URL from the engine.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from local.plugins.provider.values import Values


class States:
    def __init__(self, folder: Path) -> None:
        """`folder` is that of a self-managed backend."""
        self._folder = folder

    @classmethod
    def of_environment(cls) -> States | None:
        """None for a backend whose states are no files."""
        url = os.environ.get("PULUMI_BACKEND_URL", "")
        if not url.startswith("file://"):
            return None
        parts = urlsplit(url)
        return cls(Path(unquote(parts.netloc + parts.path)).expanduser())

    def owner(self, type: str, id: str, region: str) -> str | None:
        """URN under which any stack has recorded the resource, also one that is still to be deleted.

        A pending replacement holds nothing: the old resource has been deleted, and the new one has not been created.
        """
        for latest in self._deployments():
            for resource in latest.get("resources") or ():
                same = resource.get("type") == type and resource.get("id") == id
                if (
                    same
                    and not resource.get("pendingReplacement")
                    and (resource.get("outputs") or {}).get("region", region) == region
                ):
                    return resource["urn"]
        return None

    def being_created(self, type: str) -> Iterator[tuple[str, Values]]:
        """URN and inputs of every resource of the type whose creation has begun and not ended."""
        for latest in self._deployments():
            for operation in latest.get("pending_operations") or ():
                resource = operation["resource"]
                if operation.get("type") == "creating" and resource.get("type") == type:
                    yield resource["urn"], resource.get("inputs") or {}

    def _deployments(self) -> Iterator[dict[str, Any]]:
        for file in sorted((self._folder / ".pulumi" / "stacks").glob("**/*.json*")):
            if file.name.endswith((".json", ".json.gz")):
                content = file.read_bytes()
                text = gzip.decompress(content) if file.suffix == ".gz" else content
                yield (json.loads(text).get("checkpoint") or {}).get("latest") or {}
