from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from operators.auraservice.desired import desired
from operators.kubernetes.manifest import Manifest, with_applied_digest
from operators.kubernetes.plan import Apply, Delete, Replace, covers, plan
from tests.operators.samples import OWNER, SERVICES, around


def stored(manifest: Manifest) -> Manifest:
    """As an API server keeps it: stamped, with fields of its own."""
    kept = copy.deepcopy(with_applied_digest(manifest))
    kept["metadata"] |= {"uid": "u", "resourceVersion": "7", "managedFields": []}
    return kept | {"status": {"seen": True}}


@given(SERVICES)
def test_nothing_is_done_for_what_is_as_declared(spec: Any) -> None:
    declared = desired(OWNER, spec, around())
    assert plan(declared, map(stored, declared)) == []


@given(SERVICES, st.data())
def test_what_is_missing_is_made_and_what_is_undeclared_deleted(spec: Any, data: st.DataObject) -> None:
    declared = desired(OWNER, spec, around())
    kept = data.draw(st.lists(st.sampled_from(range(len(declared))), unique=True))
    stray = stored({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "stray"}})
    actions = plan(declared, [stored(declared[index]) for index in kept] + [stray])
    made = [action.manifest["metadata"]["name"] for action in actions if isinstance(action, Apply)]
    missing = [one["metadata"]["name"] for index, one in enumerate(declared) if index not in kept]
    assert made == missing
    assert [action for action in actions if isinstance(action, Delete)] == [Delete(stray)]


def test_a_changed_field_and_one_said_no_more_are_applied() -> None:
    old: Manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"x": 1, "y": 2}}
    edited = stored(old)
    edited["spec"]["x"] = 5
    assert [(type(one), one.reason) for one in plan([old], [edited]) if isinstance(one, Apply)] == [(Apply, "drifted")]
    less = {**old, "spec": {"x": 1}}
    assert [one.reason for one in plan([less], [stored(old)]) if isinstance(one, Apply)] == ["changed"]


def test_an_object_that_is_going_is_not_deleted_again() -> None:
    going = stored({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}})
    going["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    assert plan([], [going]) == []


def test_what_people_added_is_taken_out() -> None:
    declared: Manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"x": 1}}
    edited = stored(declared)
    edited["spec"]["added"] = "by hand"
    edited["metadata"]["managedFields"] = [
        {"manager": "aura-operators", "fieldsV1": {"f:spec": {"f:x": {}}}},
        {"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:added": {}}}},
    ]
    (action,) = plan([declared], [edited])
    assert isinstance(action, Replace)
    assert action.manifest["spec"] == {"x": 1}
    assert action.manifest["metadata"]["resourceVersion"] == "7"


def test_covers_looks_only_at_what_is_declared() -> None:
    assert covers({"a": [{"b": 1, "defaulted": 2}], "c": 3}, {"a": [{"b": 1}]})
    assert covers({}, {"empty": []})
    assert not covers({"a": [1, 2]}, {"a": [1]})
    assert not covers({"a": 1}, {"a": 1, "b": 2})
