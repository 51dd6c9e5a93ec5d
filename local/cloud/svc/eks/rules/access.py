"""Access entries and access policies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.cloud.svc.eks.rules.syntax import bad_tags
from local.cloud.svc.eks.rules.table import Rule

STANDARD = "STANDARD"
NODE_TYPES = ("EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
_PRINCIPAL = re.compile(r"arn:aws:iam::(\d{12}):(user|role)/[\w+=,.@/-]+")
_RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")
_SESSION = "{{SessionName}}"
_PAGE = "UG, Create access entries"
_NAMESPACE = re.compile(r"[a-z0-9*]([a-z0-9*-]{0,61}[a-z0-9*])?")


@dataclass(frozen=True)
class EntryFacts:
    inputs: Mapping[str, Any]
    account: str
    exists: bool
    """Whether IAM knows the principal."""

    @property
    def principal(self) -> str:
        return self.inputs["principalArn"]

    @property
    def type(self) -> str:
        return self.inputs.get("type", STANDARD)


def _principal(facts: EntryFacts) -> str | None:
    match = _PRINCIPAL.fullmatch(facts.principal)
    return None if match else "The principalArn parameter format is not valid"


def _service_linked(facts: EntryFacts) -> str | None:
    linked = ":role/aws-service-role/" in facts.principal
    return "The caller is not allowed to use a service-linked role for an access entry." if linked else None


def _type(facts: EntryFacts) -> str | None:
    return None if facts.type in (STANDARD, *NODE_TYPES) else f"The type {facts.type} is not valid."


def _existence(facts: EntryFacts) -> str | None:
    return None if facts.exists else "The specified principalArn is invalid: invalid principal."


def _node_principal(facts: EntryFacts) -> str | None:
    if facts.type == STANDARD:
        return None
    own_role = facts.principal.startswith(f"arn:aws:iam::{facts.account}:role/")
    return None if own_role else f"The principal of an entry of type {facts.type} must be a role of this account."


def _only_standard(facts: EntryFacts) -> str | None:
    given = [key for key in ("kubernetesGroups", "username") if facts.inputs.get(key)]
    return f"{given[0]} cannot be given for the type {facts.type}." if facts.type != STANDARD and given else None


def _groups(facts: EntryFacts) -> str | None:
    for group in facts.inputs.get("kubernetesGroups", []):
        if group.startswith("system:"):
            return f"The kubernetes group name {group} is invalid, it cannot start with system:"
        if not group.strip():
            return "A kubernetes group name cannot be empty."
    return None


def _username(facts: EntryFacts) -> str | None:
    name: str = facts.inputs.get("username", "")
    for reserved in _RESERVED:
        if name.startswith(reserved):
            return f"The username {name} is invalid, it cannot start with {reserved}"
    if _SESSION in name and ":" not in name.partition(_SESSION)[0]:
        return f"The username {name} is invalid, it must have a colon before {_SESSION}"
    return None


ENTRY_RULES: tuple[Rule[EntryFacts], ...] = (
    Rule(_type, "API_CreateAccessEntry, type"),
    Rule(_principal, "API_CreateAccessEntry, principalArn"),
    Rule(_service_linked, _PAGE),
    Rule(_node_principal, _PAGE),
    Rule(_existence, _PAGE),
    Rule(_only_standard, _PAGE),
    Rule(_groups, _PAGE),
    Rule(_username, _PAGE),
    Rule(lambda facts: bad_tags(facts.inputs.get("tags", {})), "API_CreateAccessEntry, tags"),
)


@dataclass(frozen=True)
class ScopeFacts:
    scope: Mapping[str, Any]
    entry_type: str

    @property
    def namespaces(self) -> list[str]:
        return self.scope.get("namespaces", [])


def _scope(facts: ScopeFacts) -> str | None:
    kind = facts.scope.get("type")
    if kind not in ("cluster", "namespace"):
        return "The type of an access scope is cluster or namespace."
    if kind == "cluster" and facts.namespaces:
        return "Namespaces cannot be given for an access scope of type cluster."
    return (
        "An access scope of type namespace needs namespaces." if kind == "namespace" and not facts.namespaces else None
    )


def _namespaces(facts: ScopeFacts) -> str | None:
    bad = [name for name in facts.namespaces if not _NAMESPACE.fullmatch(name)]
    return f"{bad[0]} is no name of a namespace." if bad else None


def _entry_type(facts: ScopeFacts) -> str | None:
    takes = facts.entry_type in (STANDARD, "EC2")
    return None if takes else f"An access entry of type {facts.entry_type} takes no access policies."


SCOPE_RULES: tuple[Rule[ScopeFacts], ...] = (
    Rule(_scope, "API_AccessScope, type"),
    Rule(_namespaces, "API_AccessScope, namespaces; UG, Associate access policies with access entries"),
    Rule(_entry_type, _PAGE, "InvalidRequestException"),
)
