"""What an exception that moto did not foresee means to the caller."""

from __future__ import annotations

import re

from moto.core.utils import get_service_model

from local.cloud.service.errors import AwsError, unsupported

_LOOKUP = (KeyError, IndexError, AttributeError, StopIteration)
"""What Python raises when moto works with a resource that it has not found."""
_NOT_FOUND = re.compile(r"NotFound|NoSuch|NotExist|NonExist")


def error_for(error: Exception, service: str, operation: str) -> AwsError:
    """The error that AWS documents for an unknown resource if that explains `error`; else NotImplemented."""
    if isinstance(error, _LOOKUP) and (code := not_found_code(service, operation)):
        return AwsError(code, f"{operation} names a resource that does not exist.")
    return unsupported(f"{service} {operation} with these parameters ({type(error).__name__}: {error})")


def not_found_code(service: str, operation: str) -> str:
    """Code of the only error of the operation that says a resource is unknown; empty when there is none, or several."""
    model = get_service_model(service)
    if operation not in model.operation_names:
        return ""
    shapes = model.operation_model(operation).error_shapes
    codes = {shape.error_code for shape in shapes if _NOT_FOUND.search(shape.name)}
    return codes.pop() if len(codes) == 1 else ""
