"""Nothing secret stands in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.policies.declared import Deployment, Resource, Stack, texts
from infra.policies.rule import ResourceRule, StackRule, Violation

_NAME = re.compile(
    r"(^|[a-z0-9_.-])(password|passwd|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?)$", re.I
)
"""Names of settings whose values are secrets; "tokenIssuer" and "secrets.recoveryDays" are none."""
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"  # ids of AWS access keys
    r"|\b(ghp|gho|ghs|github_pat)_[A-Za-z0-9_]{20,}"  # GitHub's tokens
    r"|\b[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@"  # a password in a URL
)
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "aws:ec2/launchTemplate:LaunchTemplate": ("userData", "tags"),
    "aws:eks/addon:Addon": ("configurationValues",),
    "aws:lambda/function:Function": ("environment",),
    "aws:msk/configuration:Configuration": ("serverProperties",),
    "aws:ssm/parameter:Parameter": ("insecureValue",),
    "kubernetes:core/v1:ConfigMap": ("data",),
    "kubernetes:helm.sh/v3:Release": ("values",),
}
"""What everyone reads who may list resources or pods, by type."""


def _found(value: Any, at: str = "") -> Iterator[str]:
    for path, text in texts(value, at):
        if _VALUE.search(text):
            yield f"{path} has a secret in its text"
        elif _NAME.search(path) and text:
            yield f"{path} is a secret by its name"


def _of_resource(resource: Resource, _: Deployment) -> Iterable[str]:
    for property in _PLAIN.get(resource.type, ()):
        yield from (f"{text}; put it into a Secret" for text in _found(resource.at(property), property))


def _of_configuration(stack: Stack) -> Iterable[Violation]:
    """Violations are of the stack itself."""
    deployment = stack.deployment
    itself = Resource("pulumi:pulumi:Stack", f"{deployment.project}-{deployment.stack}", {})
    for text in _found(deployment.configuration):
        yield Violation(itself, f"Pulumi.{deployment.stack}.yaml: {text}; use `pulumi config set --secret`")


IN_RESOURCES = ResourceRule(
    "no-plain-secrets",
    "ConfigMaps, values of charts, user data and the like have no secret.",
    "They are read by everyone who may list them, and stand in logs and in the state as they are.",
    _of_resource,
)
IN_CONFIGURATION = StackRule(
    "no-secrets-in-configuration",
    "Pulumi.<stack>.yaml has no secret in plain text.",
    "The file is in the repository: what was committed once is known to everyone who ever cloned it.",
    _of_configuration,
)
