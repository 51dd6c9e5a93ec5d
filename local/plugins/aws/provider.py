"""The Provider of the `aws` package: finds the kind of a resource and runs its lifecycle."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

from local.plugins.aws.api import AwsApi
from local.plugins.aws.change import change
from local.plugins.aws.deletion import delete
from local.plugins.aws.functions import invoke
from local.plugins.aws.inputs import Effect
from local.plugins.aws.kind import Kind
from local.plugins.aws.kinds import find
from local.plugins.aws.lifecycle import ResourceLifecycle, merged
from local.plugins.aws.mapping import tags as tagging
from local.plugins.aws.mapping.changes import changes
from local.plugins.aws.takeover import Creations, find_or_create
from local.plugins.aws.waits import wait_joined, wait_ready
from local.plugins.provider.base import (
    CheckFailure,
    DiffResult,
    Operation,
    Provider,
    ProviderError,
    Resource,
    ResourceInitFailed,
)
from local.plugins.provider.values import UNKNOWN, Values, changed_paths, has_unknown

SETTINGS = frozenset(
    {"region", "accessKey", "secretKey", "token", "profile", "defaultTags", "allowedAccountIds"}
    | {"version", "pluginDownloadURL"}
    | {"skipCredentialsValidation", "skipRegionValidation", "skipMetadataApiCheck", "skipRequestingAccountId"}
)


class AwsProvider(Provider):
    package = "aws"
    version = version("pulumi-aws")
    identity = frozenset({"region"})

    def configure(self, settings: Values) -> None:
        unknown = sorted(set(settings) - SETTINGS)
        if unknown:
            raise ProviderError(f"the provider setting {unknown[0]} is not supported on this machine")
        self._api = AwsApi(settings)
        self._default_tags: Values = (_nested(settings, "defaultTags") or {}).get("tags") or {}
        if allowed := _nested(settings, "allowedAccountIds"):
            account = self._api.call("sts", "GetCallerIdentity", {})["Account"]
            if account not in allowed:
                raise ProviderError(
                    f"AWS account ID not allowed: {account}. The stack belongs to {' or '.join(allowed)}; nothing was "
                    "changed. Use credentials of that account, or correct the stack's configuration"
                )
        self._creations = Creations()

    def check(
        self, resource: Resource, old: Values, new: Values, propose_name: Callable[[], str]
    ) -> tuple[Values, list[CheckFailure]]:
        kind = find(resource.type)
        if kind is None:
            return new, [CheckFailure("", f"the resource type {resource.type} is not provided on this machine")]
        inputs = {**kind.defaults, **{key: value for key, value in new.items() if value is not None}}
        if kind.name and kind.name not in inputs:
            inputs[kind.name] = old.get(kind.name) or propose_name()
        inputs = tagging.completed(kind, inputs, self._default_tags)
        return inputs, [] if inputs == old else self._problems(kind, inputs)

    def _problems(self, kind: Kind, inputs: Values) -> list[CheckFailure]:
        from local.plugins.aws.mapping.requests import unmapped

        unknown = list(kind.inputs.unknown(inputs))
        if unknown:
            why = f"{kind.type} has no such input here: its table (local/plugins/aws/kinds) does not name it"
            return [CheckFailure(name.split(".")[0], f"{name}: {why}") for name in unknown]
        lost = unmapped(kind, self._api.operation(kind.service, kind.create.operation), inputs)
        why = f"{kind.type} has no such input here: neither {kind.create.operation} nor our declaration names it"
        return [CheckFailure(name.split(".")[0], f"{name}: {why}") for name in lost]

    def diff(self, resource: Resource, old: Values, new: Values) -> DiffResult:
        kind = _kind(resource)
        changed, forced = [], []
        for name, effect in changes(kind, old, new).items():
            paths = changed_paths(kind.inputs.value(old, name), kind.inputs.value(new, name), name)
            changed += paths
            forced += paths if effect is Effect.REPLACING else []
        same_name = bool(kind.name) and old.get(kind.name) == new.get(kind.name)
        same_id = not kind.name and not kind.id.startswith(".")
        return DiffResult(changed, forced, delete_before_replace=same_name or same_id or kind.delete_before_replace)

    def preview_create(self, resource: Resource, inputs: Values) -> Values:
        kind = _kind(resource)
        computed = {
            name for name in {*kind.outputs, *kind.extra_outputs} if not isinstance(inputs.get(name), str | int | bool)
        }
        return {**inputs, **dict.fromkeys(computed, UNKNOWN)}

    def create(self, resource: Resource, inputs: Values, operation: Operation) -> tuple[str, Values]:
        if has_unknown(inputs):
            raise ProviderError(f"{resource.name} would be created from unknown values")
        kind, lifecycle = _kind(resource), self._lifecycle(resource)
        id, live = find_or_create(lifecycle, kind, resource, inputs, self._creations, operation)
        wait = partial(wait_ready, lifecycle, id, inputs, operation, "creating")
        try:
            outputs = lifecycle.outputs(id, wait(), inputs)
            if live is not None:
                lifecycle.complete(id, outputs, live, inputs, wait)
            else:
                lifecycle.settle(id, outputs, None, inputs, wait)
            found = wait()
            wait_joined(lifecycle, id, inputs, operation)
            return id, merged(inputs, lifecycle.outputs(id, found, inputs))
        except ProviderError as error:
            raise ResourceInitFailed(
                f"{resource.name} exists as {id} but is not as declared: {error}", id, inputs
            ) from error

    def preview_update(self, resource: Resource, state: Values, old: Values, new: Values) -> Values:
        kind = _kind(resource)
        changed = changes(kind, old, new)
        _refuse(kind, resource, changed)
        kept = {name: value for name, value in state.items() if name in kind.outputs or name in kind.extra_outputs}
        return {**state, **merged(new, kept), **dict.fromkeys(kind.inputs.outdated(set(changed)), UNKNOWN)}

    def update(
        self, resource: Resource, id: str, state: Values, old: Values, new: Values, operation: Operation
    ) -> Values:
        kind, lifecycle = _kind(resource), self._lifecycle(resource)
        changed = changes(kind, old, new)
        _refuse(kind, resource, changed)
        change(lifecycle, kind, resource.name, id, state, old, new, set(changed), operation)
        found = wait_ready(lifecycle, id, new, operation, "changing")
        return merged(new, lifecycle.outputs(id, found, new))

    def read(self, resource: Resource, id: str, inputs: Values, state: Values) -> tuple[Values, Values] | None:
        lifecycle = self._lifecycle(resource)
        found = lifecycle.describe(id, inputs)
        if found is None:
            return None
        outputs = lifecycle.outputs(id, found, inputs)
        live = lifecycle.inputs(id, found, inputs, outputs)
        return merged(live, outputs), live

    def id_of(self, id: str, state: Values) -> str:
        """AWS's, where a name was asked for."""
        return state["id"]

    def delete(self, resource: Resource, id: str, state: Values, inputs: Values, operation: Operation) -> None:
        delete(self._lifecycle(resource), id, inputs or state, state, operation)

    def invoke(self, function: str, arguments: Values) -> Values:
        return invoke(self._api, function, arguments)

    def _lifecycle(self, resource: Resource) -> ResourceLifecycle:
        return ResourceLifecycle(self._api, _kind(resource), resource.name, self._default_tags)


def _nested(settings: Values, name: str) -> Any:
    """A setting that is no plain value; the SDK sends those as JSON."""
    value = settings.get(name)
    return json.loads(value) if isinstance(value, str) else value


def _refuse(kind: Kind, resource: Resource, changed: dict[str, Effect]) -> None:
    for name, effect in changed.items():
        if effect is Effect.REFUSED:
            raise ProviderError(f"{name} of {resource.name}: {kind.inputs.refused[name]}. Nothing was changed")


def _kind(resource: Resource) -> Kind:
    kind = find(resource.type)
    if kind is None:
        raise ProviderError(f"the resource type {resource.type} is not provided on this machine")
    return kind
