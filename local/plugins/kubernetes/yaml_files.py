"""`kubernetes.yaml.v2.ConfigFile`: objects of a file. A released file of another project is that of the toolchain."""

from __future__ import annotations

from pathlib import Path

import yaml

from local.plugins.provider.base import Child, ProviderError
from local.plugins.provider.values import Values
from local.toolchain import tools

CONFIG_FILE = "kubernetes:yaml/v2:ConfigFile"
_RELEASED = {
    "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.4.0/standard-install.yaml": "gateway-api",
}
"""URL of a file -> the project whose definitions of that version the toolchain has."""


def children(name: str, inputs: Values) -> list[Child]:
    """One child an object, named as the official provider does. Raises ProviderError for a file that is not here."""
    return [
        Child(_type(manifest), f"{name}:{_identity(manifest)}", manifest)
        for file in _files(inputs.get("file", ""))
        for manifest in yaml.safe_load_all(file.read_text())
        if manifest
    ]


def _files(source: str) -> list[Path]:
    if source in _RELEASED:
        return tools.definitions(_RELEASED[source])
    if "://" in source:
        raise ProviderError(
            f"{source} is not fetched: this machine's plugin has the files {', '.join(_RELEASED)}. "
            "Add it to local/plugins/kubernetes/yaml_files.py, and its definitions to local/toolchain/catalog.py"
        )
    if not Path(source).is_file():
        raise ProviderError(f"there is no file {source!r}")
    return [Path(source)]


def _type(manifest: Values) -> str:
    group, _, version = manifest["apiVersion"].rpartition("/")
    return f"kubernetes:{group or 'core'}/{version}:{manifest['kind']}"


def _identity(manifest: Values) -> str:
    metadata = manifest["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else metadata["name"]
