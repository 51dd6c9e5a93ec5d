"""Deletion of a resource: what it needs before, the call, and the wait until AWS no longer describes the resource."""

from __future__ import annotations

import jmespath

from local.plugins.aws.api import ApiError
from local.plugins.aws.lifecycle import ResourceLifecycle
from local.plugins.aws.waits import pauses, wait_ready
from local.plugins.provider.base import Operation
from local.plugins.provider.values import Values


def delete(lifecycle: ResourceLifecycle, id: str, inputs: Values, outputs: Values, operation: Operation) -> None:
    """Returns once AWS no longer describes the resource."""
    kind, known = lifecycle.kind, lifecycle.known(inputs, id, outputs)
    if kind.delete is None or lifecycle.describe(id, inputs) is None:
        return
    if kind.before_delete_inputs:
        retired = {**inputs, **kind.before_delete_inputs}
        lifecycle.modify(id, outputs, set(kind.before_delete_inputs), retired)
        lifecycle.settle(id, outputs, inputs, retired, lambda: None)
        wait_ready(lifecycle, id, inputs, operation, "preparing deletion")
    if kind.purge is not None and inputs.get("forceDestroy"):
        kind.purge(lambda call: lifecycle.call(call, known), known)
    _leave(lifecycle, id, inputs, known, operation)
    missing: ApiError | None = None
    for call in (*kind.before_delete, kind.delete):
        try:
            lifecycle.call(call, lifecycle.with_fresh(known))
        except ApiError as error:
            if not error.is_not_found:
                raise
            missing = error if call is kind.delete else missing
    for pause in pauses():
        found = lifecycle.describe(id, inputs)
        if found is None:
            return
        if missing is not None:  # something else is: the resource itself is described
            raise missing
        status = (jmespath.search(kind.ready.path, found) if kind.ready else None) or "still there"
        operation.report(f"deleting: {status}")
        operation.pause(pause, f"{lifecycle.name} to be deleted, which is {status}")


def _leave(lifecycle: ResourceLifecycle, id: str, inputs: Values, known: Values, operation: Operation) -> None:
    """Returns once the resource is no member any more, or is gone."""
    membership = lifecycle.kind.membership
    whole = inputs.get(membership.given) if membership else None
    if membership is None or not whole:
        return
    asked = False
    for pause in pauses():
        found = lifecycle.describe(id, inputs)
        if found is None:
            return
        if not jmespath.search(membership.path, found):
            break
        if not asked:
            lifecycle.call(membership.call, known)
            asked = True
        operation.pause(pause, f"{lifecycle.name} to leave {whole}")
    wait_ready(lifecycle, id, inputs, operation, "leaving")
