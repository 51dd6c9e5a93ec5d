"""The aws plugin, ended after a call that changed something, as by SIGKILL: AWS has answered, Pulumi knows nothing."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi.runtime import mocks

from local.plugins.aws.api import AwsApi
from local.plugins.aws.kinds import find
from local.plugins.aws.provider import AwsProvider
from local.plugins.aws.takeover import Creations
from local.plugins.provider.base import Operation, Resource
from local.plugins.provider.values import Values
from tests.infra.recording import unwrap

if TYPE_CHECKING:
    from botocore.model import OperationModel

_READS = re.compile("Describe|List|Get|Head")
_SECONDS = 300.0


class Interrupted(BaseException):
    """The end of the plugin; `operation` is the call that was answered last."""

    def __init__(self, operation: str) -> None:
        super().__init__(operation)
        self.operation = operation


class InterruptedApi(AwsApi):
    """Ends the plugin after the `after`-th call that changed something; `whole` makes the calls."""

    def __init__(self, whole: AwsApi, after: int) -> None:
        super().__init__({"region": whole.region})
        self._whole = whole
        self._left = after

    def operation(self, service: str, name: str) -> OperationModel:
        return self._whole.operation(service, name)

    def call(self, service: str, operation: str, params: Values, region: str | None = None, attempts: int = 1) -> Any:
        answer = self._whole.call(service, operation, params, region, attempts)
        if not _READS.match(operation):
            self._left -= 1
            if self._left == 0:
                raise Interrupted(operation)
        return answer


class InterruptedProvider(AwsProvider):
    """Begins as `configured` did. They share clients and their models, of which each costs a tenth of a second."""

    def __init__(self, configured: AwsProvider, after: int) -> None:
        vars(self).update(vars(configured))
        self._api = InterruptedApi(configured._api, after)
        self._creations = Creations()


class InterruptedEngine(mocks.Mocks):
    """Creates what a program declares, one resource after the other, and interrupts each after every call.

    `backend` gets the state as Pulumi would write it. `interruptions` are the operations after which it happened.
    """

    def __init__(self, backend: Path) -> None:
        self.interruptions: list[str] = []
        self.notes: list[str] = []
        self.resources: list[dict[str, Any]] = []
        self._state = backend / ".pulumi" / "stacks" / "aura" / "local.json"
        self._state.parent.mkdir(parents=True)
        self._configured: dict[str, AwsProvider] = {}
        """The providers, by the name of each."""
        self._one = threading.Lock()

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._provider(0, args.provider).invoke(args.token, dict(args.args))

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = _whole(unwrap(args.inputs))
        if args.typ == "pulumi:providers:aws":
            self._configured[args.name] = _configured(inputs)
        if find(args.typ) is None:
            return f"{args.name}-id", inputs
        with self._one:
            resource = Resource(f"urn:pulumi:local::aura::{args.typ}::{args.name}", args.typ, args.name)
            return self._create(resource, inputs, args.provider or "")

    def delete_all(self) -> None:
        for entry in reversed(self.resources):
            resource = Resource(entry["urn"], entry["type"], entry["urn"].rsplit("::", 1)[1])
            provider = self._provider(0, entry["provider"])
            provider.delete(resource, entry["id"], entry["outputs"], entry["inputs"], self._operation())

    def _create(self, resource: Resource, declared: Values, through: str) -> tuple[str, Values]:
        after, last = 1, ""
        for _ in itertools.count():
            provider = self._provider(after, through)
            inputs, failures = provider.check(resource, {}, declared, lambda: resource.name)
            assert not failures, failures
            try:
                id, state = provider.create(resource, inputs, self._operation())
            except Interrupted as interrupted:
                self.interruptions.append(f"{resource.type} {interrupted.operation}")
                after += interrupted.operation == last  # it is repeated every time: go on to the next one
                last = interrupted.operation
                continue
            made = {"urn": resource.urn, "type": resource.type, "id": id, "inputs": inputs, "outputs": state}
            self.resources.append(made | {"provider": through})
            self._state.write_text(json.dumps({"checkpoint": {"latest": {"resources": self.resources}}}))
            return id, state
        raise AssertionError

    def _provider(self, after: int, reference: str) -> AwsProvider:
        """`reference` is a URN and an id, as Pulumi writes a resource's provider."""
        assert reference, "each resource of the program names its provider"
        return InterruptedProvider(self._configured[reference.split("::")[-2]], after)

    def _operation(self) -> Operation:
        return Operation(lambda _: None, self.notes.append, threading.Event(), time.monotonic() + _SECONDS)


def _configured(settings: Values) -> AwsProvider:
    provider = AwsProvider()
    provider.configure(settings)
    return provider


def _whole(value: Any) -> Any:
    """Numbers as the plugin decodes them: whole ones as int."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
