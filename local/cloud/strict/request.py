"""A request to one of moto's services, as the rules see it."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

from local.cloud.service.errors import AwsError


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
    session: str = ""
    """Name of the role's session that asks; empty when none does."""
    in_use: Callable[[], Set[str]] = frozenset
    """Finds the subnets and security groups of the region that resources of our own services have."""


Rule = Callable[[ServiceRequest], None]
"""Raises AwsError when AWS would refuse. It changes nothing."""
Rules = dict[tuple[str, str], Rule]
"""By botocore's name of the service, and the operation."""


def refuse(error: AwsError | None) -> None:
    """Raises what a rule that only decides has found; None is no reason to refuse."""
    if error is not None:
        raise error


def in_turn(*rules: Rule) -> Rule:
    """One rule of several: the first that refuses decides."""

    def check(request: ServiceRequest) -> None:
        for rule in rules:
            rule(request)

    return check
