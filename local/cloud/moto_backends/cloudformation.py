"""Templates of CloudFormation: a resource that moto would skip, or put into a service that is not here, is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.models import ChangeSet, Stack

from local.cloud.moto_backends.admitted import ADMITTED

_OWN = {"AWS::CloudFormation::Stack"}
_parse_stack = Stack._parse_template
_parse_change_set = ChangeSet._parse_template


def install() -> None:
    """Replaces methods of moto's classes, so that pickles keep referring to those classes."""
    setattr(Stack, "_parse_template", _checked(_parse_stack))  # noqa: B010  (a bound method, which types cannot say)
    setattr(ChangeSet, "_parse_template", _checked(_parse_change_set))  # noqa: B010


def makes(type: str) -> bool:
    """Whether a resource of this type comes to be in one of the services of moto that are admitted."""
    if type in parsing.NULL_MODELS or type in _OWN:
        return True
    found = parsing.get_model_map().get(type)
    return found is not None and found.__module__.split(".")[1] in ADMITTED


def _checked(parse: Callable[[Any], None]) -> Callable[[Any], None]:
    def parsed(self: Any) -> None:
        parse(self)
        for resource in (self.template_dict.get("Resources") or {}).values():
            if not makes(resource.get("Type", "")):
                raise NotImplementedError(f"a resource of type {resource.get('Type')}")

    return parsed
