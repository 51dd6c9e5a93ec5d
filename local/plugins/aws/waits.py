"""What AWS goes on with after its answer: each function returns once that is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jmespath

from local.plugins.aws.lifecycle import ResourceLifecycle
from local.plugins.provider.base import Operation, ProviderError
from local.plugins.provider.values import Values

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
"""The endpoint answers in milliseconds; a longer pause would only add to an update."""
_NOT_VISIBLE = "not visible yet"


def pauses() -> Iterator[float]:
    """Seconds from one look at a resource to the next."""
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 1.3, _LONGEST_PAUSE)


def wait_ready(lifecycle: ResourceLifecycle, id: str, inputs: Values, operation: Operation, doing: str) -> Any:
    """The description once the resource is usable. Raises ProviderError when its status is a failure."""
    ready, rest = lifecycle.kind.ready, pauses()
    while True:
        found = lifecycle.describe(id, inputs)
        if found is not None and ready is None:
            return found
        status = jmespath.search(ready.path, found) if ready and found is not None else _NOT_VISIBLE
        if ready and status in ready.success:
            return found
        if ready and status in ready.failure:
            raise ProviderError(f"{lifecycle.name} is {status} after {doing}")
        operation.report(f"{doing}: {status}")
        operation.pause(next(rest), f"{lifecycle.name}, which is {status}")


def wait_done(lifecycle: ResourceLifecycle, answer: Any, known: Values, operation: Operation, doing: str) -> None:
    """For what a call's `answer` names. Raises ProviderError when it failed."""
    awaited = lifecycle.kind.awaited
    token = jmespath.search(awaited.token, answer) if awaited else None
    if awaited is None or not token:
        return
    for pause in pauses():
        found = lifecycle.call(awaited.call, {**known, "token": token})
        status = jmespath.search(awaited.status, found)
        if status in awaited.success:
            return
        if status in awaited.failure:
            why = jmespath.search(awaited.why, found) or "AWS gives no reason"
            raise ProviderError(f"{doing}: {token} is {status}: {why}")
        operation.report(f"{doing}: {status}")
        operation.pause(pause, f"{doing} of {lifecycle.name}, which is {status}")


def wait_joined(lifecycle: ResourceLifecycle, id: str, inputs: Values, operation: Operation) -> None:
    """Until what the resource belongs to takes changes again: the resource itself is usable before."""
    membership = lifecycle.kind.membership
    whole = inputs.get(membership.given) if membership else None
    if membership is None or not whole:
        return
    known = lifecycle.known(inputs, id)
    for pause in pauses():
        status = jmespath.search(membership.joined.path, lifecycle.call(membership.whole, known))
        if status in membership.joined.success:
            return
        if status in membership.joined.failure:
            raise ProviderError(f"{whole} is {status} after {lifecycle.name} joined it")
        operation.report(f"joining {whole}: {status}")
        operation.pause(pause, f"{whole}, which is {status}")
