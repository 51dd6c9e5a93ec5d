"""What EC2 knows of instance types, launch templates and security groups. Call under the context's lock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES

from local.cloud.context import ACCOUNT


@dataclass(frozen=True)
class TemplateVersion:
    """One version of a launch template."""

    id: str
    name: str
    number: str
    data: dict[str, Any]


def architectures(types: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Architectures of each instance type that exists, such as ("arm64",)."""
    known = {name: INSTANCE_TYPES[name] for name in types if name in INSTANCE_TYPES}
    return {name: tuple(about["ProcessorInfo"]["SupportedArchitectures"]) for name, about in known.items()}


def vpcs_of_groups(region: str, groups: Iterable[str]) -> dict[str, str | None]:
    """Security group -> its VPC; None for one that does not exist."""
    backend = ec2_backends[ACCOUNT][region]
    found = {id: backend.get_security_group_from_id(id) for id in groups}
    return {id: group.vpc_id if group else None for id, group in found.items()}


def template_version(region: str, id: str, name: str, version: str) -> TemplateVersion:
    """A version ("3", "$Default", "$Latest") of the template with this id, or name if `id` is empty.

    Raises KeyError when there is no such template or version.
    """
    backend = ec2_backends[ACCOUNT][region]
    template = backend.launch_templates.get(id or backend.launch_template_name_to_ids.get(name, ""))
    if template is None:
        raise KeyError(id or name)
    numbers = {"$latest": template.latest_version_number, "$default": template.default_version_number}
    wanted = str(numbers.get(version.lower(), version))
    for known in template.versions:
        if str(known.number) == wanted:
            return TemplateVersion(template.id, template.name, wanted, dict(known.data))
    raise KeyError(f"version {version} of {template.name}")
