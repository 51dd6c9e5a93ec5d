"""Parameters as Describe operations return them."""

from __future__ import annotations

from collections.abc import Mapping

from local.cloud.service.base import Output
from local.cloud.service.errors import AwsError
from local.cloud.svc.rds.parameters import catalog
from local.cloud.svc.rds.parameters.model import Parameter

_SOURCES = ("user", "system", "engine-default")


def rows(values: Mapping[str, str], methods: Mapping[str, str], source: str | None = None) -> list[Output]:
    """All parameters, or those of a Source, with the `values` that a group sets and how it applies them."""
    if source not in (None, *_SOURCES):
        raise AwsError("InvalidParameterValue", f"Invalid Source {source}: {', '.join(_SOURCES)} are valid.")
    all = [_row(known, values.get(name), methods.get(name)) for name, known in catalog.parameters().items()]
    return [row for row in all if source in (None, row["Source"])]


def _row(parameter: Parameter, value: str | None, method: str | None) -> Output:
    shown = value if value is not None else parameter.default
    by_default = "pending-reboot" if parameter.static else "immediate"
    return {
        "ParameterName": parameter.name,
        "Description": parameter.description,
        "Source": "user" if value is not None else "system" if parameter.of_rds else "engine-default",
        "ApplyType": "static" if parameter.static else "dynamic",
        "DataType": parameter.type,
        "IsModifiable": parameter.modifiable,
        "ApplyMethod": method if value is not None and method else by_default,
        **({"ParameterValue": shown} if shown is not None else {}),
        **({"AllowedValues": parameter.allowed} if parameter.allowed else {}),
    }
