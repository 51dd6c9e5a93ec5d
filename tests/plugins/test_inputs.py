"""The table of a type: which name decides about a changed input, and what leaving one out means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.plugins.aws.inputs import Effect, Inputs, replacing_when_lowered
from local.plugins.provider.values import UNKNOWN, Values

TABLE = Inputs(
    source="internal/service/x/y.go",
    in_place="size labels net.open version",
    replacing="name net.subnets",
    steering="skip",
    refused={"moved": "why"},
    depending={"version": replacing_when_lowered("version")},
    absent={"size": 1, "labels": {}, "net.open": True},
    sets="net.subnets",
    computed={"address": "name size", "port": "version"},
)
values = st.none() | st.booleans() | st.integers(0, 3) | st.lists(st.text("ab", max_size=1), max_size=2)
declarations = st.fixed_dictionaries(
    {},
    optional={
        "name": values,
        "size": values,
        "version": st.sampled_from(["1.2", "1.10", "2.x"]),
        "labels": st.dictionaries(st.text("ab", max_size=1), values, max_size=2),
        "net": st.fixed_dictionaries({}, optional={"open": values, "subnets": st.lists(st.text("ab"), max_size=2)}),
        "skip": values,
        "moved": values,
    },
)


def changes(old: Values, new: Values) -> dict[str, Effect]:
    return TABLE.changes(old, new, lambda name, before, after: False)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"labels": {"a": 1}}, {"labels": {"b": 1}}, {"labels": Effect.IN_PLACE}),
        ({"net": {"subnets": ["a"]}}, {"net": {"subnets": ["b"]}}, {"net.subnets": Effect.REPLACING}),
        ({"net": {"subnets": ["a", "b"]}}, {"net": {"subnets": ["b", "a"]}}, {}),
        ({"net": {"open": False}}, {"net": {}}, {"net.open": Effect.IN_PLACE}),
        ({"net": {"open": True}}, {"net": {}}, {}),
        ({"skip": True}, {"skip": False}, {"skip": Effect.STEERING}),
        ({"skip": True}, {}, {}),
        ({"name": "a"}, {}, {}),
        ({"size": 2}, {}, {"size": Effect.IN_PLACE}),
        ({"moved": 1}, {"moved": 2}, {"moved": Effect.REFUSED}),
        ({"version": "1.10"}, {"version": "1.9"}, {"version": Effect.REPLACING}),
        ({"version": "1.9"}, {"version": "1.10"}, {"version": Effect.IN_PLACE}),
        ({"version": "3.9.x"}, {"version": "3.8.x"}, {"version": Effect.IN_PLACE}),
        ({"tags": {"a": "b"}}, {}, {"tags": Effect.IN_PLACE}),
        ({"size": 2}, {"size": UNKNOWN}, {"size": Effect.IN_PLACE}),
    ],
)
def test_a_change_has_the_effect_of_the_name_that_decides(old: Values, new: Values, found: dict[str, Effect]) -> None:
    assert changes(old, new) == found


@given(declarations, declarations)
def test_what_is_declared_alike_is_no_change_and_what_differs_is_named_once(old: Values, new: Values) -> None:
    assert changes(old, old) == {}
    found = changes(old, new)
    assert set(found) <= set(TABLE.effects)
    for name in found:
        assert TABLE.value(old, name) != TABLE.value(new, name)


@given(declarations)
def test_leaving_out_what_has_its_default_is_no_change(declared: Values) -> None:
    assert changes({key: value for key, value in declared.items() if key != "size"}, {**declared, "size": 1}) == {}


@given(declarations, declarations)
def test_outputs_are_unknown_while_what_they_come_from_changes(old: Values, new: Values) -> None:
    found = set(changes(old, new))
    assert TABLE.outdated(found) == {
        output for output, inputs in (("address", {"name", "size"}), ("port", {"version"})) if found & inputs
    }


@pytest.mark.parametrize(
    ("declared", "unknown"),
    [
        ({"size": 1, "labels": {"any": {"deep": 1}}, "region": "r", "tags": {}}, []),
        ({"net": {"open": True, "moat": 1}}, ["net.moat"]),
        ({"net": UNKNOWN, "colour": UNKNOWN}, []),
        ({"colour": "red"}, ["colour"]),
    ],
)
def test_an_input_that_no_row_names_is_unknown(declared: Values, unknown: list[str]) -> None:
    assert list(TABLE.unknown(declared)) == unknown


def test_a_recorded_input_is_no_output() -> None:
    state: dict[str, Any] = {"size": 1, "net": {"open": True}, "address": "a", "tagsAll": {"a": "b"}}
    assert TABLE.outputs_of(state) == {"address": "a"}
