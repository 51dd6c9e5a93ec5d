"""Configuration of a node process: one JSON file in its folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.engines.runtime.files import write

FILE = "node.json"


@dataclass(frozen=True)
class Taint:
    key: str
    value: str
    effect: str
    """NoSchedule, PreferNoSchedule or NoExecute."""


@dataclass(frozen=True)
class NodeSettings:
    """One node. Its own address is the first of `pod_network`; its Pods get the others."""

    name: str
    folder: Path
    kubeconfig: Path
    pod_network: str
    volumes: Path
    """Folders of PersistentVolumes, shared by all nodes of the cluster as EBS is."""
    certificate: Path
    key: Path
    authority: Path
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    cpu: str = "8"
    memory: str = "16Gi"
    max_pods: int = 110

    def save(self) -> Path:
        file = self.folder / FILE
        write(file, json.dumps(asdict(self), default=str, indent=1).encode())
        return file

    @classmethod
    def load(cls, file: Path) -> NodeSettings:
        content = json.loads(file.read_text())
        paths = ("folder", "kubeconfig", "volumes", "certificate", "key", "authority")
        taints = tuple(Taint(**taint) for taint in content.pop("taints"))
        return cls(**{**content, **{name: Path(content[name]) for name in paths}}, taints=taints)
