"""A resource's lifecycle as API calls: create, read, change. Each returns with AWS's answer; waits.py waits on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jmespath

from local.plugins.aws.api import ApiError, AwsApi
from local.plugins.aws.kind import Call, Kind, SeparateCall
from local.plugins.aws.mapping import tags as tagging
from local.plugins.aws.mapping.requests import filled_path, parameters
from local.plugins.aws.mapping.responses import observed
from local.plugins.provider.base import ProviderError
from local.plugins.provider.values import Values


class ResourceLifecycle:
    """A resource of a `kind`; `name` is for messages.

    `known` in the methods are the names that templates may use: inputs, outputs, the id and the region.
    """

    def __init__(self, api: AwsApi, kind: Kind, name: str, default_tags: Values) -> None:
        self._api, self.kind, self.name, self._default_tags = api, kind, name, default_tags

    def region(self, inputs: Values) -> str:
        return inputs.get("region") or self._api.region

    def known(self, inputs: Values, id: str = "", outputs: Values | None = None) -> Values:
        region = self.region(inputs)
        names = {**(outputs or {}), **inputs, "id": id, "region": region}
        return {**{name: derive(names) for name, derive in self.kind.derive.items()}, **names}

    def call(
        self, call: Call, known: Values, only: set[str] | None = None, extra: Values | None = None, **options: int
    ) -> Any:
        """Make a call with the values `known`; its matching covers the names in `only`. Raises ApiError."""
        operation = self._api.operation(self.kind.service, call.operation)
        params = {**parameters(self.kind, call, operation, known, only or set()), **(extra or {})}
        answer = self._api.call(self.kind.service, call.operation, params, known[call.region], **options)
        if call.refused and (error := jmespath.search(call.refused, answer)):
            raise ApiError(call.operation, *error)
        return answer

    def candidates(self, inputs: Values) -> list[str]:
        """Ids under which the resource may exist already."""
        kind = self.kind
        if kind.upsert:
            return []
        if kind.search is None:
            return [filled_path(kind.id, self.known(inputs))]
        tags = inputs.get("tagsAll", {})
        if kind.search.by_tags and not tags:
            return []  # nothing would tell it from another's
        known = {**self.known(inputs), "tagFilters": tagging.filters(tags)}
        try:
            answer = self.call(kind.search.call, known)
        except ApiError as error:
            if error.is_not_found:
                return []
            raise
        path = filled_path(kind.search.ids, {name: _quoted(value) for name, value in known.items()})
        return [_plain(id) for id in jmespath.search(path, answer) or ()]

    def create(self, inputs: Values) -> str:
        """The new resource's id; it may not be usable yet. Raises AnswerLost when it may exist all the same."""
        kind, known = self.kind, self.known(inputs)
        tags = tagging.at_creation(kind, inputs.get("tagsAll", {}))
        creation = kind.creation(inputs)[0]
        answer = self.call(creation, known, set(inputs), tags, attempts=1)
        id = jmespath.search(kind.id[1:], answer) if kind.id.startswith(".") else filled_path(kind.id, known)
        if not id:
            raise ProviderError(f"{creation.operation} returned no id for {self.name}")
        return _plain(id)

    def complete(self, id: str, outputs: Values, live: Values, new: Values, wait: Callable[[], object]) -> None:
        """Make the calls that an interrupted creation may have left out; `live` are the actual inputs."""
        kind, known = self.kind, self.known(new, id, outputs)
        for call in kind.creation(new)[1]:
            wait()
            try:
                self.call(call, known)
            except ApiError as error:
                if not error.is_not_found and not error.is_done:
                    raise
        unread = {name for one in kind.separate if not one.path and not one.created for name in one.inputs}
        self.modify(id, outputs, set(kind.write_only) & set(new), new)
        self.settle(id, outputs, {key: value for key, value in live.items() if key not in unread}, new, wait)

    def settle(self, id: str, outputs: Values, old: Values | None, new: Values, wait: Callable[[], object]) -> None:
        """Make the calls that creation needs besides the main one; `old` are the inputs of one that was interrupted.

        `wait` returns when the resource is ready.
        """
        kind, known = self.kind, self.known(new, id, outputs)
        following = kind.creation(new)[1] if old is None else ()
        for call in following:
            wait()
            self.call(call, known)
        if following and kind.instead:
            wait()
        for separate in kind.separate:
            if _is_due(kind, separate, old, new):
                for call in calls_of(separate, old or {}, known):
                    self.call(call, self.with_fresh(known))
        if old is not None or (kind.tags is not None and not kind.tags.create):
            self.change_tags(old or {}, known)

    def change_tags(self, old: Values, known: Values) -> None:
        if self.kind.tags is not None:
            for call, more in tagging.changes(self.kind.tags, old.get("tagsAll", {}), known.get("tagsAll", {})):
                self.call(call, {**known, **more})

    def modify(self, id: str, outputs: Values, changed: set[str], new: Values) -> Any:
        """AWS's answer, None when nothing was to change. Names in `changed` are those at the top."""
        kind = self.kind
        modified = changed - (kind.unmatched(kind.modify) if kind.modify else set())
        if kind.modify is None or not modified:
            return None
        return self.call(kind.modify, self.with_fresh(self.known(new, id, outputs)), modified)

    def describe(self, id: str, inputs: Values) -> Any | None:
        """AWS's own description, None when the resource does not exist."""
        kind, known = self.kind, self.known(inputs, id)
        try:
            found = jmespath.search(filled_path(kind.found, known), self.call(kind.read, known))
        except ApiError as error:
            if error.is_not_found:
                return None
            raise
        if found is None or found is False or found == []:
            return None
        if kind.deleted is not None and jmespath.search(kind.deleted.path, found) in kind.deleted.success:
            return None
        return found

    def outputs(self, id: str, found: Any, inputs: Values) -> Values:
        known, values = self.known(inputs, id), self.described_outputs(id, found, inputs)
        for name, (call, path) in self.kind.extra_outputs.items():
            values[name] = jmespath.search(path, self.call(call, {**values, **known}))
        return {name: value for name, value in values.items() if value is not None}

    def described_outputs(self, id: str, found: Any, inputs: Values) -> Values:
        """The outputs that need no call of their own."""
        known = self.known(inputs, id)
        values = {name: jmespath.search(filled_path(path, known), found) for name, path in self.kind.outputs.items()}
        present = {name: value for name, value in values.items() if value is not None}
        return {"id": id, **present, "region": known["region"]}

    def inputs(self, id: str, found: Any, declared: Values, outputs: Values) -> Values:
        """Declared inputs with the values that the resource has."""
        kind, known = self.kind, self.known(declared, id, outputs)
        separate_values = {}
        for separate in kind.separate:
            if separate.path and separate.inputs[0] in declared:
                source = self.call(separate.lookup, known) if separate.lookup else found
                separate_values[separate.inputs[0]] = jmespath.search(separate.path, source)
        live = observed(kind, found, {k: v for k, v in separate_values.items() if v is not None}, declared)
        if kind.tags is None:
            return live
        rest = {key: value for key, value in live.items() if key not in ("tags", "tagsAll")}
        return {**rest, **tagging.observed(self._tags(found, known), declared, self._default_tags)}

    def _tags(self, found: Any, known: Values) -> Values:
        style = self.kind.tags
        assert style is not None
        try:
            return tagging.read(style, self.call(style.lookup, known) if style.lookup else found)
        except ApiError as error:
            if error.is_not_found:
                return {}
            raise

    def with_fresh(self, known: Values) -> Values:
        fresh = self.kind.fresh
        return (
            known
            if fresh is None
            else {**known, fresh.name: jmespath.search(filled_path(fresh.path, known), self.call(fresh.call, known))}
        )


def _quoted(value: Any) -> Any:
    """For a raw string of JMESPath."""
    return value.replace("\\", "\\\\").replace("'", "\\'") if isinstance(value, str) else value


def _plain(id: str) -> str:
    return id.removeprefix("/hostedzone/")


def merged(inputs: Values, outputs: Values) -> Values:
    """State: where an output completes an input's mapping (AWS's own group in vpcConfig), declared values win."""
    completed = {
        name: {**value, **inputs[name]} if isinstance(value, dict) and isinstance(inputs.get(name), dict) else value
        for name, value in outputs.items()
    }
    return {**inputs, **completed}


def calls_of(separate: SeparateCall, old: Values, known: Values) -> list[Call]:
    return [separate.set] if isinstance(separate.set, Call) else separate.set(old, known)


def _is_due(kind: Kind, separate: SeparateCall, old: Values | None, new: Values) -> bool:
    if old is not None:
        values = ((kind.inputs.value(old, name), kind.inputs.value(new, name)) for name in separate.inputs)
        return any(after is not None and before != after for before, after in values)
    value = kind.inputs.value(new, separate.inputs[0])
    return not separate.created and value is not None and value != separate.unless
