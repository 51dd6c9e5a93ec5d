"""Rules as policies of Pulumi's policy SDK, and what it shows of a stack as the rules see it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    Policy,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from infra.policies.configuration import configuration
from infra.policies.declared import UNKNOWN, Deployment, Resource, Stack
from infra.policies.rule import ResourceRule, Rule


def policy(rule: Rule) -> Policy:
    description = f"{rule.demands} {rule.why}"
    if isinstance(rule, ResourceRule):
        judge = rule.check

        def of_resource(args: ResourceValidationArgs, report: ReportViolation) -> None:
            for text in judge(_resource(args), _deployment(args.urn)):
                report(text, None)

        return ResourceValidationPolicy(rule.name, description, of_resource)
    judge_all = rule.check

    def of_stack(args: StackValidationArgs, report: ReportViolation) -> None:
        root = next(one for one in args.resources if one.resource_type == "pulumi:pulumi:Stack")
        stack = Stack(_deployment(root.urn), tuple(_with_references(one) for one in args.resources))
        for violation in judge_all(stack):
            report(violation.text, violation.resource.urn or root.urn)

    return StackValidationPolicy(rule.name, description, of_stack)


def _deployment(urn: str) -> Deployment:
    """Of urn:pulumi:<stack>::<project>::<type>::<name>."""
    stack, project = urn.removeprefix("urn:pulumi:").split("::")[:2]
    return Deployment(project, stack, configuration(project, stack))


def _resource(args: ResourceValidationArgs | PolicyResource) -> Resource:
    provider = plain(args.provider.props) if args.provider else {}
    return Resource(args.resource_type, args.name, plain(args.props), args.urn, bool(args.opts.protect), provider)


def _with_references(resource: PolicyResource) -> Resource:
    found = resource.property_dependencies.items()
    refers = {name: frozenset(one.urn for one in ones) for name, ones in found}
    return dataclasses.replace(_resource(resource), refers=refers)


def plain(value: Any) -> Any:
    """A property as the rules take it; the SDK raises where a preview does not know it."""
    if isinstance(value, Mapping):
        return {key: _known(lambda key=key: value[key]) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_known(lambda index=index: value[index]) for index in range(len(value))]
    return value


def _known(get: Callable[[], Any]) -> Any:
    try:
        return plain(get())
    except UnknownValueError:
        return UNKNOWN
