"""A request to one of moto's services, as the rules see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ServiceRequest:
    """`inputs` by the names of botocore's model; `caller` is the ARN of who asks."""

    service: str
    operation: str
    region: str
    caller: str
    inputs: dict[str, Any]
    in_chunks: bool = False
    """Whether the body was sent in chunks; the input has what they hold."""
    in_use: Mapping[str, str] = field(default_factory=dict)
    """Subnets and security groups of the region that resources of our own services have, with the ARN of one of them.
    Of requests to EC2 only."""


Rule = Callable[[ServiceRequest], None]
"""Raises AwsError when AWS would refuse. It changes nothing."""
Rules = dict[tuple[str, str], Rule]
"""By botocore's name of the service, and the operation."""


def in_turn(*rules: Rule) -> Rule:
    """One rule of several: the first that refuses decides."""

    def check(request: ServiceRequest) -> None:
        for rule in rules:
            rule(request)

    return check
