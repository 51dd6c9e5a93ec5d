"""Custom resource definitions of other projects, out of their Go modules, as they publish them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from local.toolchain.recipes.context import MakingFailed, Workshop
from local.toolchain.recipes.golang import ENVIRONMENT


@dataclass(frozen=True)
class Definitions:
    """CRDs below `folder` of a Go module. `checksum` is the module's own checksum, as a go.sum would state it.

    `files` picks some of the folder's files by name; empty means every CRD there.
    """

    module: str
    version: str
    checksum: str
    folder: str
    files: tuple[str, ...] = ()

    def inputs(self) -> bytes:
        return repr(self).encode()

    def make(self, workshop: Workshop) -> None:
        printed = workshop.output(
            workshop.find("go"),
            *("mod", "download", "-json", f"{self.module}@{self.version}"),
            cwd=workshop.folder,
            # The checksum below is ours; no database needs to be asked for it.
            env={**ENVIRONMENT, "GOSUMDB": "off"},
        )
        downloaded = json.loads(printed)
        if downloaded["Sum"] != self.checksum:
            raise MakingFailed(
                f"{self.module}@{self.version} has the checksum {downloaded['Sum']}, not {self.checksum}"
            )
        found = [file for file in sorted((Path(downloaded["Dir"]) / self.folder).glob("*.yaml")) if self._wants(file)]
        if not found:
            raise MakingFailed(f"{self.module}@{self.version} holds none of the wanted definitions in {self.folder}")
        for file in found:
            shutil.copyfile(file, workshop.folder / file.name)

    def _wants(self, file: Path) -> bool:
        if self.files:
            return file.name in self.files
        documents = [document for document in yaml.safe_load_all(file.read_text()) if document]
        return bool(documents) and all(document.get("kind") == "CustomResourceDefinition" for document in documents)
