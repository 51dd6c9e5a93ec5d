"""The language in which `kinds/` describes a resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.plugins.provider.values import Values


@dataclass(frozen=True)
class Call:
    """One API operation.

    In `fields`, a string "{name}" stands for that input (dots reach inside), "{id}" for the resource's id, and a field
    whose input isn't given is left out (an item of a list together with its first field); "x-{name}" builds a string.
    With `match`, all inputs that no field uses are added under the API's own name for them.
    """

    operation: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    match: bool = False


@dataclass(frozen=True)
class Convert:
    """An input whose form differs from the API's: `to_api(input)` gives the field, `to_input(field)` goes back."""

    to_api: Callable[[Any], Any]
    to_input: Callable[[Any], Any]


@dataclass(frozen=True)
class Aside:
    """Inputs that calls of their own set, after creation and whenever they change.

    `lookup` and `path` (JMESPath into its answer) read the first input back; without `lookup` the path is into the
    description. `unless` is the value a fresh resource has, for which creation needs no call.
    """

    inputs: tuple[str, ...]
    set: Callable[[Values], list[Call]] | Call
    lookup: Call | None = None
    path: str = ""
    unless: Any = None
    created: bool = False
    """Whether `create` has set the inputs already."""


@dataclass(frozen=True)
class Ready:
    """When a resource is usable: the word at `path` of its description is in `wanted`; `failed` ends the waiting."""

    path: str
    wanted: frozenset[str]
    failed: frozenset[str] = frozenset({"failed", "FAILED", "CREATE_FAILED"})


@dataclass(frozen=True)
class Tags:
    """How a service takes tags: `create` is the field at creation ("" where there is none).

    `form` is "ec2" (with the type's name), "list" of Key and Value, "kms" or "map".
    """

    create: str
    set: Call
    unset: Call | None
    """None where `set` replaces every tag."""
    path: str = "Tags"
    form: str = "list"
    lookup: Call | None = None


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A resource type. Pulumi input names are the SDK's in camelCase; paths are JMESPath."""

    type: str
    service: str
    create: Call
    id: str
    """A template over the inputs, or a path into the answer to `create` when it starts with a dot."""
    read: Call
    found: str
    """Path of the description in the answer to `read`, a template too; null means the resource is gone."""
    delete: Call | None
    """None where AWS has no such call: the resource ends with the one it belongs to."""
    name: str = ""
    """The input that holds the name, made up when absent."""
    rename: Mapping[str, str] = field(default_factory=dict)
    convert: Mapping[str, Convert] = field(default_factory=dict)
    observe: Mapping[str, str] = field(default_factory=dict)
    """Inputs to be read at this path of the description; an empty path means AWS doesn't tell."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    aside: tuple[Aside, ...] = ()
    steering: frozenset[str] = frozenset()
    """Inputs that only steer calls (such as skipFinalSnapshot) and change nothing by themselves."""
    modify: Call | None = None
    immutable: frozenset[str] | None = frozenset()
    """Inputs that force a replacement; None means every one."""
    exclusive: bool = False
    """Whether AWS refuses a second one beside it, so that a replacement must delete first."""
    versions: frozenset[str] = frozenset()
    """Inputs that may name a version by its first numbers only."""
    documents: frozenset[str] = frozenset()
    """Inputs that hold a JSON document, compared by content."""
    derive: Mapping[str, Callable[[Values], Any]] = field(default_factory=dict)
    """More names for the templates, computed from the inputs."""
    derived_from: frozenset[str] = frozenset()
    """Inputs that reach the API only through `derive`."""
    after_create: tuple[Call, ...] = ()
    etag: Call | None = None
    """Its answer's ETag must come with changes and deletion, as "{etag}"."""
    retire: Mapping[str, Any] = field(default_factory=dict)
    """Inputs to be changed before AWS lets the resource be deleted."""
    purge: Callable[[Callable[[Call], Any], Values], None] | None = None
    """Deletes what is inside, for a resource whose forceDestroy says so."""
    before_delete: tuple[Call, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, tuple[Call, str]] = field(default_factory=dict)
    """Outputs that take a call of their own: call and path into its answer."""
    ready: Ready | None = None
    gone: Ready | None = None
    """The word that means "deleted" where AWS goes on describing what is gone."""
    tags: Tags | None = None

    def apart(self) -> set[str]:
        """Inputs that the matching of names must leave alone."""
        asides = {name for aside in self.aside for name in aside.inputs}
        return asides | self.steering | {"region"} | ({"tags", "tagsAll"} if self.tags else set())

    def takes(self) -> set[str]:
        """Dotted inputs this row names, beside those matched to the API's own names."""
        calls = [call for call in (self.create, self.modify, self.delete) if call is not None]
        return self.apart() | self.derived_from | {name for call in calls for name in references(call.fields)}

    def modifiable(self) -> set[str]:
        """Inputs that `modify` names, beside those matched to the API's own names."""
        if self.modify is None:
            return set()
        return {name.split(".")[0] for name in references(self.modify.fields)} | self.derived_from


def references(template: Any) -> set[str]:
    """Dotted input names that a template uses."""
    if isinstance(template, Mapping):
        return {name for item in template.values() for name in references(item)}
    if isinstance(template, list | tuple):
        return {name for item in template for name in references(item)}
    if isinstance(template, str):
        return {part.split("}")[0] for part in template.split("{")[1:]}
    return set()
