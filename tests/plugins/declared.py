"""A resource under the aws plugin alone, called as Pulumi's engine calls it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from local.plugins.aws.provider import AwsProvider
from local.plugins.provider.base import DiffResult, Operation, Resource
from local.plugins.provider.values import Values
from tests.fixtures.cloud import REGION

_SECONDS = 300.0


@dataclass
class Declared:
    """`id` is AWS's; `inputs` and `state` are what Pulumi would have recorded."""

    type: str
    name: str
    region: str = REGION
    id: str = ""
    inputs: Values = field(default_factory=dict)
    state: Values = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = AwsProvider()
        self.provider.configure({"region": self.region})
        self._resource = Resource(f"urn:pulumi:t::t::{self.type}::{self.name}", self.type, self.name)

    def create(self, **declared: Any) -> Values:
        self.inputs = self._checked(declared)
        self.id, self.state = self.provider.create(self._resource, self.inputs, self._operation())
        return self.state

    def diff(self, **declared: Any) -> DiffResult:
        return self.provider.diff(self._resource, self.inputs, self._checked(declared))

    def preview(self, **declared: Any) -> Values:
        return self.provider.preview_update(self._resource, self.state, self.inputs, self._checked(declared))

    def update(self, **declared: Any) -> Values:
        """Fails the test where the resource would be replaced."""
        new = self._checked(declared)
        assert self.provider.diff(self._resource, self.inputs, new).replaces == []
        self.state = self.provider.update(self._resource, self.id, self.state, self.inputs, new, self._operation())
        self.inputs = new
        return self.state

    def drift(self) -> list[str]:
        """What a refresh would show: dotted paths at which AWS has something else."""
        found = self.provider.read(self._resource, self.id, self.inputs, self.state)
        assert found is not None
        return self.provider.diff(self._resource, self.inputs, found[1]).changed

    def found(self, id: str) -> str | None:
        """Under which id a refresh, or an import, would record what it finds by this one; None when there is none."""
        found = self.provider.read(self._resource, id, {}, {})
        return self.provider.id_of(id, found[0]) if found else None

    def delete(self) -> None:
        self.provider.delete(self._resource, self.id, self.state, self.inputs, self._operation())

    def _checked(self, declared: Values) -> Values:
        inputs, failures = self.provider.check(self._resource, self.inputs, declared, lambda: self.name)
        assert not failures, failures
        return inputs

    def _operation(self) -> Operation:
        return Operation(lambda _: None, self.notes.append, threading.Event(), time.monotonic() + _SECONDS)
