"""Resources that exist in AWS but in no state, as an update leaves them that was killed after AWS's answer.

Before a creation AWS is asked for what it would make. What equals the declaration and carries its tags is taken over;
another resource of that name is refused. What a state holds is never taken over: its own URN would delete it later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from local.plugins.aws.api import AnswerLost
from local.plugins.aws.kind import Kind
from local.plugins.aws.lifecycle import ResourceLifecycle
from local.plugins.aws.mapping.differences import differences
from local.plugins.aws.mapping.requests import filled_path
from local.plugins.provider.base import Operation, ProviderError, Resource
from local.plugins.provider.states import States
from local.plugins.provider.values import Values

_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before a creation whose answer was lost is begun anew."""
_WITHOUT_REGION = frozenset({"cloudfront", "iam", "route53", "s3"})
"""Services in which the plugin of another region's provider may be creating a resource of the same name."""


class Creations:
    """The creations of this process: what they made may not be in the state yet."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], str] = {}
        self._turn = threading.Lock()

    def turn(self, kind: Kind) -> AbstractContextManager[object]:
        """To be held from the search to the creation's answer, where an equal one could come between."""
        return self._turn if kind.search is not None and kind.search.by_tags else nullcontext()

    def made(self, resource: Resource, id: str) -> None:
        self._made[resource.type, id] = resource.urn

    def owner(self, resource: Resource, id: str) -> str | None:
        return self._made.get((resource.type, id))


def find_or_create(
    lifecycle: ResourceLifecycle,
    kind: Kind,
    resource: Resource,
    inputs: Values,
    creations: Creations,
    operation: Operation,
) -> tuple[str, Values | None]:
    """Id of the resource, and the actual inputs of one that existed already.

    When AWS's answer is lost it looks again instead of repeating the call. Raises ProviderError.
    """
    for pause in (*_PAUSES, None):
        try:
            with creations.turn(kind):
                found = existing(lifecycle, kind, resource, inputs, creations, operation.inform)
                id = found[0] if found else lifecycle.create(inputs)
                creations.made(resource, id)
                return id, found[1] if found else None
        except AnswerLost as error:
            if pause is None:
                raise
            operation.report(f"creating: {error}")
            operation.pause(pause, f"{resource.name}: {error}")
    raise AssertionError


def existing(
    lifecycle: ResourceLifecycle,
    kind: Kind,
    resource: Resource,
    inputs: Values,
    creations: Creations,
    inform: Callable[[str], None],
) -> tuple[str, Values] | None:
    """Id and actual inputs of the resource to take over; None when it must be created.

    Raises ProviderError when another resource has its place.
    """
    by_tags = kind.search is not None and kind.search.by_tags
    states = States.of_environment()
    equal: list[tuple[str, Values]] = []
    for id in lifecycle.candidates(inputs):
        found = lifecycle.describe(id, inputs)
        if found is None:
            continue
        if states is None:
            if by_tags:
                continue
            raise ProviderError(
                f"{id} exists, and whether it is {resource.name} cannot be told without states in files (file://)"
            )
        owner = creations.owner(resource, id) or _recorded(states, lifecycle, kind, resource, inputs, id)
        if owner == resource.urn or (owner and by_tags):
            continue  # AWS itself answers a second creation
        if owner:
            raise ProviderError(_belongs_to_another(resource, id, owner))
        live = lifecycle.inputs(id, found, inputs, lifecycle.described_outputs(id, found, inputs))
        different = differences(kind, live, inputs)
        if not different:
            equal.append((id, live))
        elif by_tags:
            inform(f"{id} has the tags of {resource.name} and is in no state; left alone: {different[0]}")
        else:
            raise ProviderError(_is_different(resource, id, "; ".join(map(str, different))))
    if not equal:
        return None
    id, live = equal[0]
    inform(f"{id} exists as declared and is in no state, as after an interrupted update: taken over")
    if len(equal) > 1:
        others = ", ".join(other for other, _ in equal[1:])
        inform(f"{others} equal it and are in no state either: delete them if nothing uses them")
    return id, live


def _recorded(
    states: States, lifecycle: ResourceLifecycle, kind: Kind, resource: Resource, inputs: Values, id: str
) -> str | None:
    """URN that a state holds the resource as, or under which it is being created right now."""
    known_as = dict.fromkeys((id, inputs.get(kind.name, id)))  # by its name: states of before have a database so
    owners = (states.owner(resource.type, one, lifecycle.region(inputs)) for one in known_as)
    owner = next((urn for urn in owners if urn), None)
    if owner is not None or kind.service not in _WITHOUT_REGION:
        return owner
    for urn, theirs in states.being_created(resource.type):
        same = theirs.get(kind.name) == inputs.get(kind.name) if kind.name else filled_path(kind.id, theirs) == id
        if urn != resource.urn and same:
            return urn
    return None


def _belongs_to_another(resource: Resource, id: str, owner: str) -> str:
    return (
        f"{id} exists and is recorded as {owner}. If {resource.name} is its new name in the program, say so with the "
        f"option aliases; otherwise declare another name. Nothing was changed"
    )


def _is_different(resource: Resource, id: str, different: str) -> str:
    return (
        f"{id} exists, is in no state, and is not what {resource.name} declares: {different}. Declare what it has and "
        f"it is taken over; or declare another name; or delete it. Nothing was changed"
    )
