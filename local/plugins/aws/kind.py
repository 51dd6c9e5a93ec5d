"""The declarations of which `kinds/` consists: a resource type and its API calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.provider.values import Values


@dataclass(frozen=True)
class Literal:
    """A value in the fields of a call that is no template, though it may have braces."""

    value: Any


@dataclass(frozen=True)
class Call:
    """One API operation.

    In `fields`, a string "{name}" stands for that input (dots for nested ones), "{id}" for the resource's id; a field
    without its input is omitted (a list item when its first field is); "x-{name}" interpolates.
    With `match`, all inputs that no field uses are added under the API's own name for them.
    """

    operation: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    match: bool = False
    refused: str = ""
    """Path of [code, message] in a response that reports an error without being one."""
    region: str = "region"
    """Which of the names that templates may use says where the call goes."""
    without: frozenset[str] = frozenset()
    """Inputs that are not matched, though the API has a field of that name."""


@dataclass(frozen=True)
class Convert:
    """An input whose form differs from the API's: `to_api(input)` returns the field, `to_input(field)` the input."""

    to_api: Callable[[Any], Any]
    to_input: Callable[[Any], Any]


@dataclass(frozen=True)
class SeparateCall:
    """Inputs (names of the table) that separate calls set, after creation and on every change.

    `set` gets the inputs before (none after a creation) and the names that templates may use. `lookup` and `path`
    (JMESPath into its response) read the first input back; without `lookup` the path is into the description.
    `unless` is the value of a new resource, for which creation needs no call.
    """

    inputs: tuple[str, ...]
    set: Callable[[Values, Values], list[Call]] | Call
    lookup: Call | None = None
    path: str = ""
    unless: Any = None
    created: bool = False
    """Whether `create` sets the inputs too."""
    last: bool = False
    """Whether a change comes after `modify`, not before it."""


@dataclass(frozen=True)
class Waiter:
    """Waits until the status at `path` of a resource's description is in `success`; one in `failure` is an error."""

    path: str
    success: frozenset[str]
    failure: frozenset[str] = frozenset({"failed", "FAILED", "CREATE_FAILED"})


@dataclass(frozen=True)
class Awaited:
    """Work that AWS goes on with after its answer. Paths are into responses: `token` into the change's own, an absent
    one means that there is nothing to wait for; `status` and `why` into the one to `call`, whose "{token}" it is."""

    token: str
    call: Call
    status: str
    success: frozenset[str]
    failure: frozenset[str]
    why: str


@dataclass(frozen=True)
class Fresh:
    """A value that changes and deletions must send as AWS has it at that moment, as "{name}"."""

    name: str
    call: Call
    path: str


@dataclass(frozen=True)
class Tags:
    """How a service handles tags: `create` is the field at creation ("" if it has none).

    `form` is "ec2" (with the type's name), "list" of Key and Value, "kms" or "map".
    """

    create: str
    set: Call
    unset: Call | None
    """None where `set` replaces every tag."""
    path: str = "Tags"
    form: str = "list"
    lookup: Call | None = None


@dataclass(frozen=True)
class Membership:
    """A resource belongs to another one when the input `given` is there, whose id it is.

    Before it is deleted it must leave: `call` asks for it, and it has left once `path` into its description is null.
    It has joined once the status at `joined` in the response to `whole`, the other's description, is one of these.
    """

    given: str
    call: Call
    path: str
    whole: Call
    joined: Waiter


@dataclass(frozen=True)
class Search:
    """Finds resources whose id the inputs do not say: `ids` is a path into the response to `call`, also a template.

    "{tagFilters}" stands for the inputs' tags as EC2's filters.
    """

    call: Call
    ids: str
    by_tags: bool = False
    """Whether only its tags tell it from others of the type: no name, and AWS allows an equal one beside it."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A resource type. Pulumi input names are the SDK's in camelCase; paths are JMESPath."""

    type: str
    service: str
    inputs: Inputs
    create: Call
    id: str
    """A template over the inputs, or, with a leading dot, a path into the response to `create`."""
    read: Call
    found: str
    """Path of the description in the response to `read`, also a template; null: the resource does not exist."""
    delete: Call | None
    """None where AWS has no such call: the resource is deleted with its parent."""
    name: str = ""
    """The input that holds the name, auto-named when absent."""
    search: Search | None = None
    """Where an interrupted creation may have left the resource; None where `id` is a template."""
    upsert: bool = False
    """Whether creation sets what exists already, so that repeating it is enough."""
    write_only: frozenset[str] = frozenset()
    """Inputs that AWS never returns; `modify` sets them anew on a resource that is taken over."""
    rename: Mapping[str, str] = field(default_factory=dict)
    convert: Mapping[str, Convert] = field(default_factory=dict)
    observe: Mapping[str, str] = field(default_factory=dict)
    """Path of an input in the description; an empty path means that AWS does not return it."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    separate: tuple[SeparateCall, ...] = ()
    modify: Call | None = None
    """The call for every change that no separate one makes."""
    awaited: Awaited | None = None
    pending: str = ""
    """Path of the changes that AWS has accepted for its maintenance window."""
    delete_before_replace: bool = False
    """Whether AWS rejects a second one beside it, so that a replacement must delete first."""
    versions: frozenset[str] = frozenset()
    """Inputs that may be a version prefix, such as "15" for 15.18."""
    documents: frozenset[str] = frozenset()
    """Inputs that are JSON documents, compared by content."""
    derive: Mapping[str, Callable[[Values], Any]] = field(default_factory=dict)
    """Additional template names, computed from the inputs."""
    derived_from: frozenset[str] = frozenset()
    """Inputs that reach the API only through `derive`."""
    after_create: tuple[Call, ...] = ()
    instead: Mapping[str, tuple[Call, ...]] = field(default_factory=dict)
    """Where this input is given: the operation that creates the resource instead of `create`, and those that it needs
    once the resource is ready, for what the operation does not take; before each of them it is waited for."""
    fresh: Fresh | None = None
    before_delete_inputs: Mapping[str, Any] = field(default_factory=dict)
    """Inputs to change first, because AWS rejects the deletion otherwise."""
    purge: Callable[[Callable[[Call], Any], Values], None] | None = None
    """Deletes the contents of a resource that has forceDestroy."""
    before_delete: tuple[Call, ...] = ()
    membership: Membership | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    extra_outputs: Mapping[str, tuple[Call, str]] = field(default_factory=dict)
    """Outputs that need a call of their own: the call and a path into its response."""
    ready: Waiter | None = None
    deleted: Waiter | None = None
    """The status that means "deleted" where AWS still describes deleted resources."""
    tags: Tags | None = None

    def unmatched(self, call: Call) -> set[str]:
        """Inputs that are excluded from the matching of names in a call."""
        creating = call is self.create or any(call is calls[0] for calls in self.instead.values())
        separate = {name for one in self.separate if not (one.created and creating) for name in one.inputs}
        steering = {name for name in self.inputs.effects if self.inputs.steers(name)}
        return separate | steering | {"region"} | ({"tags", "tagsAll"} if self.tags else set())

    def creation(self, inputs: Values) -> tuple[Call, tuple[Call, ...]]:
        """The operation that creates a resource with these inputs, and those that follow it."""
        special = next((calls for name, calls in self.instead.items() if inputs.get(name)), None)
        return (special[0], special[1:] + self.after_create) if special else (self.create, self.after_create)

    def named_inputs(self) -> set[str]:
        """Dotted inputs that this kind names, besides those matched to the API's own names."""
        calls = [call for call in (self.create, self.modify, self.delete) if call is not None]
        calls += [*self.after_create, *self.before_delete, *(one for calls in self.instead.values() for one in calls)]
        calls += [self.membership.call] if self.membership else []
        fields = {name for call in calls for name in references(call.fields)}
        return self.unmatched(self.create) | self.derived_from | fields


def references(template: Any) -> set[str]:
    """Dotted input names that a template uses."""
    if isinstance(template, Mapping):
        return {name for item in template.values() for name in references(item)}
    if isinstance(template, list | tuple):
        return {name for item in template for name in references(item)}
    if isinstance(template, str):
        return {part.split("}")[0] for part in template.split("{")[1:]}
    return set()
