"""Paths of the tools. Lookup only; `make tools` builds what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

from local.toolchain.catalog import TOOLS
from local.toolchain.lookup.search import find
from local.toolchain.recipes.class_archive import ARCHIVE
from local.toolchain.recipes.crds import Definitions
from local.toolchain.spec.tool import Tool

__all__ = ["ToolMissing", "classes", "crds", "definitions", "model", "packages", "path"]

_BY_NAME = {tool.name: tool for tool in TOOLS}
_BY_PROGRAM = {program: tool for tool in TOOLS if tool.programs for program in tool.programs.names}


class ToolMissing(RuntimeError):
    """A program is neither installed nor in the cache."""


def path(name: str) -> Path:
    """The executable `name`: a tool of the catalog in a supported version, or any other program on PATH."""
    if tool := _BY_PROGRAM.get(name):
        return _folder(tool) / name
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(f"{name} is not on PATH, and the toolchain does not build it")
    return Path(found)


def classes(name: str) -> Path:
    """Archive of the classes of `name` ("kafka", "opensearch"), beside lib/ with its jars; `class_archive` says how a
    JVM uses it."""
    return _folder(_BY_NAME[name]) / ARCHIVE


def model() -> Path:
    """Folder with the sentence embedding model: model.onnx and tokenizer.json."""
    return _folder(_BY_NAME["embedding-model"])


def packages(name: str) -> Path:
    """The node_modules folder of `name` ("timescaledb")."""
    return _folder(_BY_NAME[name]) / "node_modules"


def crds() -> list[Path]:
    """YAML files of the custom resource definitions of all other projects whose controllers a cluster has."""
    tools = (tool for tool in TOOLS if any(isinstance(recipe, Definitions) for recipe in tool.recipes))
    return [file for tool in tools for file in sorted(_folder(tool).glob("*.yaml"))]


def definitions(project: str) -> list[Path]:
    """YAML files of the custom resource definitions of one project ("kong")."""
    return sorted(_folder(_BY_NAME[f"{project}-crds"]).glob("*.yaml"))


def _folder(tool: Tool) -> Path:
    found = find(tool)
    if found is None:
        raise ToolMissing(
            f"{tool.name} {tool.version} is neither cached nor installed in a supported version; run `make tools`"
        )
    return found.folder
