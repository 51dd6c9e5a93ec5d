"""The CustomResourceDefinitions, from the models. `python -m contracts.crd` prints the YAML of manifests/crds."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel

from contracts.auraservice import AuraServiceSpec
from contracts.biostream import BioStreamSpec
from contracts.conditions import AuraServiceStatus, BioStreamStatus
from contracts.names import LONGEST_NAME, NAME_PATTERN, RESERVED_NAMES
from contracts.resource import GROUP, VERSION
from contracts.structural_schema import structural_schema


@dataclass(frozen=True)
class Column:
    """A column of `kubectl get`; priority 1 shows with `-o wide` only."""

    name: str
    path: str
    type: str = "string"
    priority: int = 0

    def to_manifest(self) -> dict[str, Any]:
        column: dict[str, Any] = {"name": self.name, "type": self.type, "jsonPath": self.path}
        return column | {"priority": self.priority} if self.priority else column


@dataclass(frozen=True)
class Kind:
    """A custom resource and the models of its spec and status."""

    name: str
    short: str
    description: str
    spec: type[BaseModel]
    status: type[BaseModel]
    columns: tuple[Column, ...]
    rules: tuple[dict[str, Any], ...] = ()
    """Entries of `x-kubernetes-validations` over the whole resource."""

    @property
    def plural(self) -> str:
        return f"{self.name.lower()}s"


_READY = '.status.conditions[?(@.type=="Ready")]'
_FIRST = (Column("Ready", f"{_READY}.status"), Column("Reason", f"{_READY}.reason"), Column("Pods", ".status.pods"))
_LAST = (
    Column("Age", ".metadata.creationTimestamp", "date"),
    Column("Message", f"{_READY}.message", priority=1),
)

_RESERVED = {
    "rule": f"oldSelf.hasValue() || !(self.metadata.name in {list(RESERVED_NAMES)})",
    "message": f"these names are reserved: {', '.join(RESERVED_NAMES)}",
    "messageExpression": f"'the name ' + self.metadata.name + ' is reserved: ' + {RESERVED_NAMES}[self.metadata.name]"
    " + '; choose another one'",
    "fieldPath": ".metadata.name",
    "optionalOldSelf": True,
}
"""A resource that exists keeps its name: refusing it would also refuse its status, which says what is wrong."""


def _never(broken: str, message: str, field: str) -> tuple[dict[str, Any], ...]:
    """Rules of a new resource, then of a changed one, which may stay as it is; `broken` is CEL, {0} the resource."""
    said = {"message": message, "fieldPath": field}
    return (
        {"rule": f"oldSelf.hasValue() || !{broken.format('self')}", **said, "optionalOldSelf": True},
        {"rule": f"!{broken.format('self')} || {broken.format('oldSelf')}", **said},
    )


_NEEDS_OTHERS = _never(
    "(has({0}.spec.needs) && {0}.metadata.name in {0}.spec.needs)",
    "a service must not need itself: its own address is HOST and PORT",
    ".spec.needs",
)
_MONITORS_AS_ANOTHER = _never(
    "(has({0}.spec.database) && has({0}.spec.monitors)"
    " && {0}.spec.database.instance in {0}.spec.monitors.instances"
    " && {0}.spec.database.name == {0}.metadata.name.replace('-', '_'))",
    "the login of monitors is a role of the service's name, and on this instance that role owns the database of this"
    " service: let another service monitor it, or give the database another name",
    ".spec.monitors",
)

KINDS = (
    Kind(
        "AuraService",
        "asvc",
        "Everything one service needs to run: workload, routes, secrets, database, limits and alerts.",
        AuraServiceSpec,
        AuraServiceStatus,
        (*_FIRST, Column("Image", ".spec.image"), *_LAST),
        (_RESERVED, *_NEEDS_OTHERS, *_MONITORS_AS_ANOTHER),
    ),
    Kind(
        "BioStream",
        "bios",
        "A stream of heart beats: its topics, the dataflow that reads them and the tables it fills.",
        BioStreamSpec,
        BioStreamStatus,
        (
            *_FIRST,
            Column("Topic", ".spec.source.topic"),
            Column("Partitions", ".status.partitions", "integer"),
            Column("Workers", ".status.workers", "integer"),
            Column("Lag", ".status.lag", "integer"),
            Column("Seconds", ".status.lagSeconds", "number", priority=1),
            Column("Snapshot", ".status.snapshotTime", "date", priority=1),
            *_LAST,
        ),
        (_RESERVED,),
    ),
)


def definition(kind: Kind) -> dict[str, Any]:
    """The CustomResourceDefinition of `kind`; raises NotStructural if its models cannot be expressed."""
    schema = {
        "description": kind.description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {
                "type": "object",
                "properties": {"name": {"type": "string", "pattern": NAME_PATTERN, "maxLength": LONGEST_NAME}},
            },
            "spec": structural_schema(kind.spec),
            "status": structural_schema(kind.status),
        },
        "x-kubernetes-validations": list(kind.rules),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "singular": kind.name.lower(),
                "plural": kind.plural,
                "shortNames": [kind.short],
                "categories": ["aura"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [column.to_manifest() for column in kind.columns],
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


class _WithoutAliases(yaml.SafeDumper):
    """Repeats values instead of YAML anchors, which are harder to read."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def definitions() -> str:
    """All CustomResourceDefinitions, as YAML."""
    documents = yaml.dump_all(
        [definition(kind) for kind in KINDS],
        Dumper=_WithoutAliases,
        sort_keys=False,
        width=120,
        explicit_start=True,
    )
    return f"# Printed by `python -m contracts.crd` from the models in contracts/; not to be edited.\n{documents}"


if __name__ == "__main__":
    sys.stdout.write(definitions())
