"""A change of a resource in place: one call after the other, each until AWS has carried it out."""

from __future__ import annotations

from collections.abc import Iterator

import jmespath

from local.plugins.aws.inputs import Effect
from local.plugins.aws.kind import Call, Kind
from local.plugins.aws.lifecycle import ResourceLifecycle, calls_of
from local.plugins.aws.mapping.changes import changes
from local.plugins.aws.waits import wait_done, wait_ready
from local.plugins.provider.base import Operation, ProviderError
from local.plugins.provider.values import Values

_DOING = "changing"


def change(
    lifecycle: ResourceLifecycle,
    kind: Kind,
    name: str,
    id: str,
    state: Values,
    old: Values,
    new: Values,
    changed: set[str],
    operation: Operation,
) -> None:
    """Make the `changed` inputs, names of the kind's table, what `new` says.

    What AWS has already, as after an update that was interrupted, is not set again. Raises ProviderError that says
    what had been changed before.
    """
    found = lifecycle.describe(id, old)
    if found is None:
        raise ProviderError(f"{name} ({id}) does not exist any more; `pulumi refresh` removes it from the state")
    live = lifecycle.inputs(id, found, old, state)
    due = {one for one, effect in changes(kind, live, new).items() if one in changed and effect is not Effect.STEERING}
    wanted = kind.inputs.completed(new)
    outputs = kind.inputs.outputs_of(state)
    known = {**lifecycle.known(wanted, id, outputs), "old": lifecycle.known(live, id, outputs)}
    done: list[str] = []
    try:
        for call, only in calls(kind, live, known, due):
            answer = lifecycle.call(call, lifecycle.with_fresh(known), only)
            wait_done(lifecycle, answer, known, operation, call.operation)
            wait_ready(lifecycle, id, wanted, operation, _DOING)
            done.append(call.operation)
        if due & {"tags", "tagsAll"}:
            lifecycle.change_tags(live, known)
    except ProviderError as error:
        raise ProviderError(_failed(name, id, error, done)) from error
    if kind.pending and due and not new.get("applyImmediately"):
        later = jmespath.search(kind.pending, lifecycle.describe(id, wanted)) or {}
        if later:
            operation.inform(
                f"{name}: AWS changes {', '.join(sorted(later))} in the maintenance window; declare applyImmediately "
                f"for a change at once"
            )


def calls(kind: Kind, live: Values, known: Values, due: set[str]) -> Iterator[tuple[Call, set[str]]]:
    """The calls, each with the inputs that are matched to the API's names."""
    separate = [one for one in kind.separate if due & set(one.inputs)]
    for one in separate:
        if not one.last:
            yield from ((call, set[str]()) for call in calls_of(one, live, known))
    rest = due - {name for one in separate for name in one.inputs} - {"tags", "tagsAll"}
    if rest and kind.modify is not None:
        yield kind.modify, {name.split(".")[0] for name in rest}
    for one in separate:
        if one.last:
            yield from ((call, set[str]()) for call in calls_of(one, live, known))


def _failed(name: str, id: str, error: ProviderError, done: list[str]) -> str:
    what = str(error).rstrip(".")
    if not done:
        return f"{what}. {name} ({id}) stays as it was. Mend the cause and run the update again"
    return (
        f"{what}. {name} ({id}) stays, changed by {', '.join(done)} only. Mend the cause and run the update again: "
        f"it makes the changes that are missing"
    )
