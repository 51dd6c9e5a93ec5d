from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from operators.auraservice.desired import desired
from operators.kubernetes.manifest import Manifest, with_applied_digest
from operators.kubernetes.plan import Apply, Delete, Replace, covers, plan
from tests.operators.samples import OWNER, SERVICES, dependencies


def stored(manifest: Manifest) -> Manifest:
    """As the API server stores it: with the digest, and fields of its own."""
    kept = copy.deepcopy(with_applied_digest(manifest))
    kept["metadata"] |= {"uid": "u", "resourceVersion": "7", "managedFields": []}
    return kept | {"status": {"observed": True}}


@given(SERVICES)
def test_an_object_as_desired_needs_no_action(spec: Any) -> None:
    declared = desired(OWNER, spec, dependencies())
    assert plan(declared, map(stored, declared)) == []


@given(SERVICES, st.data())
def test_missing_objects_are_applied_and_stray_ones_deleted(spec: Any, data: st.DataObject) -> None:
    declared = desired(OWNER, spec, dependencies())
    kept = data.draw(st.lists(st.sampled_from(range(len(declared))), unique=True))
    stray = stored({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "stray"}})
    actions = plan(declared, [stored(declared[index]) for index in kept] + [stray])
    applied = [action.manifest["metadata"]["name"] for action in actions if isinstance(action, Apply)]
    missing = [one["metadata"]["name"] for index, one in enumerate(declared) if index not in kept]
    assert applied == missing
    assert [action for action in actions if isinstance(action, Delete)] == [Delete(stray)]


def test_a_drifted_field_and_a_removed_one_are_applied() -> None:
    old: Manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"x": 1, "y": 2}}
    edited = stored(old)
    edited["spec"]["x"] = 5
    assert [(type(one), one.reason) for one in plan([old], [edited]) if isinstance(one, Apply)] == [(Apply, "drifted")]
    less = {**old, "spec": {"x": 1}}
    assert [one.reason for one in plan([less], [stored(old)]) if isinstance(one, Apply)] == ["changed"]


def test_a_terminating_object_is_not_deleted_again() -> None:
    terminating = stored({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}})
    terminating["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    assert plan([], [terminating]) == []


def test_fields_that_users_added_are_removed() -> None:
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


def test_covers_ignores_additional_fields() -> None:
    assert covers({"a": [{"b": 1, "defaulted": 2}], "c": 3}, {"a": [{"b": 1}]})
    assert covers({}, {"empty": []})
    assert not covers({"a": [1, 2]}, {"a": [1]})
    assert not covers({"a": 1}, {"a": 1, "b": 2})
