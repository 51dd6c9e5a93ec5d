"""The log files of an instance: those of its server."""

from __future__ import annotations

from pathlib import Path

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.rds import names
from local.cloud.svc.rds.model import Instance, RdsState

_FOLDER = "error/"
_MOST_LINES, _MOST_BYTES = 10_000, 1 << 20
"""Of one answer, from the API reference of DownloadDBLogFilePortion."""


class LogOperations(Service[RdsState]):
    def describe_db_log_files(self, state: RdsState, inputs: Inputs) -> Output:
        instance = names.instance(state, inputs["DBInstanceIdentifier"])
        contains = inputs.get("FilenameContains", "")
        after, least = inputs.get("FileLastWritten", 0), inputs.get("FileSize", 0)
        found = []
        for file in self._files(instance):
            stat = file.stat()
            written = int(stat.st_mtime * 1000)
            if contains in file.name and written >= after and stat.st_size >= least:
                found.append({"LogFileName": _FOLDER + file.name, "LastWritten": written, "Size": stat.st_size})
        return {"DescribeDBLogFiles": found}

    def download_db_log_file_portion(self, state: RdsState, inputs: Inputs) -> Output:
        """Marker is "0" for the beginning, a position that an answer gave, or nothing for the end of the file."""
        instance = names.instance(state, inputs["DBInstanceIdentifier"])
        named = {_FOLDER + file.name: file for file in self._files(instance)}
        file = named.get(inputs["LogFileName"])
        if file is None:
            raise AwsError("DBLogFileNotFoundFault", f"{inputs['LogFileName']} is no log file of the instance.")
        lines, marker = inputs.get("NumberOfLines", _MOST_LINES), inputs.get("Marker")
        if not 1 <= lines <= _MOST_LINES:
            raise AwsError("InvalidParameterValue", f"NumberOfLines is {lines}; 1 to {_MOST_LINES} are valid.")
        if marker is not None and not marker.isdigit():
            raise AwsError("InvalidParameterValue", f"Invalid Marker: {marker}.")
        size = file.stat().st_size
        start = max(0, size - _MOST_BYTES) if marker is None else int(marker)
        with file.open("rb") as log:
            log.seek(start)
            portion = log.read(_MOST_BYTES).splitlines(keepends=True)
        chosen = portion[-lines:] if marker is None else portion[:lines]
        end = size if marker is None else start + sum(map(len, chosen))
        text = b"".join(chosen).decode(errors="replace")
        return {"LogFileData": text, "Marker": str(end), "AdditionalDataPending": end < size}

    def _files(self, instance: Instance) -> list[Path]:
        folder = self.context.folder(instance.region, "rds", instance.resource_id)
        return sorted(folder.glob("postgres.log*"))
