"""What a modification of a parameter group sets, and what of it RDS refuses."""

from __future__ import annotations

from local.cloud.service.base import Inputs
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.rds.parameters import catalog, fixed, formulas
from local.cloud.svc.rds.parameters.model import Parameter

_MOST = 20
"""Parameters in one request, from the API reference of ModifyDBParameterGroup."""


def changes(inputs: Inputs) -> dict[str, str]:
    """Name -> value. Raises AwsError unless every parameter exists, can be modified, and takes its value."""
    given = inputs["Parameters"]
    if not 1 <= len(given) <= _MOST:
        raise AwsError("InvalidParameterValue", f"1 to {_MOST} parameters can be modified at once, not {len(given)}.")
    found: dict[str, str] = {}
    for entry in given:
        for key in ("ParameterName", "ParameterValue", "ApplyMethod"):
            if entry.get(key) is None:
                raise AwsError("InvalidParameterValue", f"The parameter {key} must be provided.")
        known = modifiable(entry["ParameterName"], entry["ApplyMethod"])
        if known.name in found:
            raise AwsError("InvalidParameterCombination", f"{known.name} is given twice.")
        _check_value(known, entry["ParameterValue"])
        found[known.name] = entry["ParameterValue"]
    settings = concrete(found, formulas.SMALLEST)
    judged = {name: value for name, value in settings.items() if not _unknown_to_postgres(name)}
    reason = catalog.rejected_by_postgres(judged)
    if reason is not None:
        raise AwsError("InvalidParameterValue", f"Invalid parameter value: PostgreSQL says: {reason}")
    return found


def modifiable(name: str, method: str) -> Parameter:
    """Raises AwsError for a parameter that does not exist, is the platform's, or is not applied by this method."""
    known = catalog.parameters().get(name.lower())
    if known is None:
        raise AwsError("InvalidParameterValue", f"Could not find parameter with name: {name}")
    if not known.modifiable:
        raise AwsError("InvalidParameterValue", f"The parameter {known.name} cannot be modified.")
    if method not in ("immediate", "pending-reboot"):
        raise AwsError("InvalidParameterValue", f"Invalid ApplyMethod {method}: immediate or pending-reboot.")
    if known.static and method == "immediate":
        message = f"cannot use immediate apply method for static parameter {known.name}"
        raise AwsError("InvalidParameterCombination", message)
    return known


def concrete(settings: dict[str, str], variables: formulas.Variables) -> dict[str, str]:
    """With the values that formulas have on an instance."""
    return {
        name: (formulas.evaluated(value, variables) or value) if _is_formula(name, value) else value
        for name, value in settings.items()
    }


def _unknown_to_postgres(name: str) -> bool:
    """RDS's own or by RDS's own range, and the libraries, which are looked for only when the server starts."""
    return name.startswith("rds.") or name in fixed.RANGES or name == "shared_preload_libraries"


def _is_formula(name: str, value: str) -> bool:
    known = catalog.parameters().get(name)
    return known is not None and known.type == "integer" and ("{" in value or "(" in value)


def _check_value(parameter: Parameter, value: str) -> None:
    if not parameter.accepts(value):
        allowed = f" allowed values are: {parameter.allowed}" if parameter.allowed else f" it is a {parameter.type}"
        raise AwsError("InvalidParameterValue", f"Invalid parameter value: {value} for: {parameter.name}{allowed}")
    if parameter.name == "shared_preload_libraries":
        for library in value.split(","):
            if library.strip() in fixed.PRELOADED_ON_AWS:
                raise unsupported(f"the library {library.strip()}: PostgreSQL's own are installed")
