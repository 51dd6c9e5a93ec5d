"""The time-series store, which manifests declare and Pulumi does not: CloudNativePG's Clusters as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from cli.inventory import recovery
from cli.inventory.prices import Prices, cost_of
from cli.inventory.rows import Row

KIND = "time-series store"
_ARCHIVE = "WAL archive"
_VOLUMES = "gp3 storage"
_GIB = "Gi"


def clusters(regions: Iterable[str], folder: Path, render: Callable[[Path], str], prices: Prices) -> list[Row]:
    """Those of the overlays in `folder`, one a region; `render` prints a kustomization as YAML."""
    names = [name for name in regions if (folder / name).is_dir()]
    return [_row(one, region, names, prices) for region in names for one in _declared(render(folder / region))]


def _declared(text: str) -> list[Mapping[str, Any]]:
    found = [one for one in yaml.safe_load_all(text) if one]
    return [one for one in found if one["kind"] == "Cluster" and one["apiVersion"].startswith("postgresql.cnpg.io/")]


def _row(cluster: Mapping[str, Any], region: str, regions: list[str], prices: Prices) -> Row:
    """Each of a distributed topology names all of its members, itself too."""
    spec = cluster["spec"]
    instances, size = int(spec["instances"]), str(spec["storage"]["size"])
    members = [one["name"] for one in spec.get("externalClusters", ())]
    others = [name for name in members if name in regions and name != region]
    return Row(
        region,
        KIND,
        cluster["metadata"]["name"],
        f"{instances} instance{'s' * (instances > 1)}, {size} each",
        ", ".join(f"{name} ({_ARCHIVE})" for name in others) or "nothing",
        recovery.OF[_ARCHIVE] if others else recovery.ALL,
        cost_of({_VOLUMES: instances * float(size.removesuffix(_GIB)) if size.endswith(_GIB) else None}, KIND, prices),
    )
