"""Custom resource definitions of other projects, from their published Go modules."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from local.toolchain.recipes.context import BuildContext, BuildFailed
from local.toolchain.recipes.golang import ENVIRONMENT


@dataclass(frozen=True)
class Definitions:
    """CRDs in `folder` of a Go module. `checksum` is the module's own checksum, as in a go.sum.

    `files` selects files of the folder by name; empty means every CRD. The names of class and fields are part of the
    cache key.
    """

    module: str
    version: str
    checksum: str
    folder: str
    files: tuple[str, ...] = ()

    def inputs(self) -> bytes:
        return repr(self).encode()

    def build(self, context: BuildContext) -> None:
        output = context.output(
            context.tool_path("go"),
            *("mod", "download", "-json", f"{self.module}@{self.version}"),
            cwd=context.folder,
            # The checksum is verified below, so the checksum database is not needed.
            env={**ENVIRONMENT, "GOSUMDB": "off"},
        )
        downloaded = json.loads(output)
        if downloaded["Sum"] != self.checksum:
            raise BuildFailed(f"{self.module}@{self.version} has the checksum {downloaded['Sum']}, not {self.checksum}")
        found = [file for file in sorted((Path(downloaded["Dir"]) / self.folder).glob("*.yaml")) if self._selects(file)]
        if not found:
            raise BuildFailed(f"{self.module}@{self.version} has no matching definitions in {self.folder}")
        for file in found:
            shutil.copyfile(file, context.folder / file.name)

    def _selects(self, file: Path) -> bool:
        if self.files:
            return file.name in self.files
        documents = [document for document in yaml.safe_load_all(file.read_text()) if document]
        return bool(documents) and all(document.get("kind") == "CustomResourceDefinition" for document in documents)
