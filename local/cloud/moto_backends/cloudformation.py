"""Resource types of CloudFormation: those that moto would skip, or put into a service that is not here, are refused."""

from __future__ import annotations

from typing import Any

from moto.cloudformation import parsing

from local.cloud.moto_backends.admitted import ADMITTED

_class_of = parsing.resource_class_from_type
_OWN = {"AWS::CloudFormation::Stack"}


def install() -> None:
    parsing.resource_class_from_type = _checked


def makes(type: str) -> bool:
    """Whether a resource of this type comes to be in one of the services of moto that are admitted."""
    if type in parsing.NULL_MODELS or type in _OWN:
        return True
    found = None if type.startswith("Custom::") else parsing.get_model_map().get(type)
    return found is not None and found.__module__.split(".")[1] in ADMITTED


def _checked(resource_type: str) -> Any:
    if not makes(resource_type):
        raise NotImplementedError(f"a resource of type {resource_type}")
    return _class_of(resource_type)
