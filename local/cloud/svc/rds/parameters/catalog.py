"""The parameters of the installed PostgreSQL with RDS's own, from the server's own description of its settings."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from local.cloud.svc.rds.parameters import fixed
from local.cloud.svc.rds.parameters.enums import ENUMS
from local.cloud.svc.rds.parameters.model import Parameter
from local.engines.postgres import checked
from local.toolchain import tools

_TYPES = {"BOOLEAN": "boolean", "INTEGER": "integer", "REAL": "float", "STRING": "string", "ENUM": "string"}


@cache
def parameters() -> Mapping[str, Parameter]:
    """By name in lower case, several hundred."""
    command = [tools.path("postgres"), "--describe-config"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [_parameter(line.split("\t")) for line in printed.splitlines()]
    return {parameter.name: parameter for parameter in sorted([*found, *fixed.ADDED], key=lambda p: p.name)}


def rejected_by_postgres(settings: Mapping[str, str]) -> str | None:
    """What PostgreSQL itself says against values, such as an unknown time zone; None if it accepts all of them."""
    with tempfile.TemporaryDirectory() as folder:
        return checked(Path(folder), settings)


def _parameter(columns: list[str]) -> Parameter:
    name, context, category, type, default, least, most, description = (*columns, "", "", "")[:8]
    name = name.lower()
    modifiable = not category.startswith(fixed.CATEGORIES) and name not in fixed.NAMES
    choices = ENUMS.get(name, ())
    if name == "shared_preload_libraries":
        return Parameter(name, "list", True, True, description, "", choices=(*fixed.PRELOADED, *fixed.PRELOADED_ON_AWS))
    if type == "BOOLEAN":
        default = {"FALSE": "0", "TRUE": "1"}.get(default, default)
    given = fixed.PROVIDED.get(name)
    least, most = fixed.RANGES.get(name, (least, most))
    return Parameter(
        name,
        _TYPES[type],
        context == "postmaster",
        modifiable,
        description,
        given or default or None,
        least,
        most,
        choices,
        of_rds=given is not None or not modifiable,
    )
