"""Every kind of the AWS plugin against botocore's service models and the Pulumi SDK."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import jmespath
import pytest
from botocore.model import ServiceModel

from local.plugins.aws import kinds
from local.plugins.aws.kind import Call, Kind, references
from local.plugins.aws.kinds import find
from local.plugins.aws.mapping.requests import member_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")
SESSION = botocore.session.get_session()
KINDS: list[Kind] = [
    kind
    for module in pkgutil.iter_modules(kinds.__path__)
    for kind in getattr(importlib.import_module(f"{kinds.__name__}.{module.name}"), "KINDS", ())
]


def calls(kind: Kind) -> Iterator[Call]:
    yield from (kind.create, kind.read, *kind.after_create, *kind.before_delete)
    yield from (call for call, _ in kind.extra_outputs.values())
    yield from (call for call in (kind.modify, kind.delete) if call is not None)
    yield from (one.call for one in (kind.fresh, kind.awaited) if one is not None)
    for separate in kind.separate:
        yield from ([separate.set] if isinstance(separate.set, Call) else [])
        yield from ([separate.lookup] if separate.lookup else [])
    if kind.search is not None:
        yield kind.search.call
    if kind.tags is not None:
        yield from (call for call in (kind.tags.set, kind.tags.unset, kind.tags.lookup) if call is not None)


def paths(kind: Kind) -> Iterator[str]:
    yield from kind.outputs.values()
    yield from filter(None, kind.observe.values())
    yield from (path for _, path in kind.extra_outputs.values())
    yield from (ready.path for ready in (kind.ready, kind.deleted) if ready)
    yield from ([kind.search.ids] if kind.search else [])
    yield kind.found
    if kind.id.startswith("."):
        yield kind.id[1:]


def stray_members(fields: Any, shape: Any, where: str = "") -> list[str]:
    """Fields of a template that the API's shape does not have."""
    if isinstance(fields, dict) and shape.type_name == "structure":
        unknown = [f"{where}.{key}" for key in fields if key not in shape.members]
        inside = [(f, shape.members[key], f"{where}.{key}") for key, f in fields.items() if key in shape.members]
        return unknown + [stray for f, member, name in inside for stray in stray_members(f, member, name)]
    if isinstance(fields, list) and shape.type_name == "list":
        return [stray for item in fields for stray in stray_members(item, shape.member, where)]
    return []


def members_of(service: ServiceModel, operation: str) -> Mapping[str, object]:
    shape = service.operation_model(operation).input_shape
    assert shape is not None, operation
    return shape.members


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_kind_uses_operations_and_fields_that_exist(kind: Kind) -> None:
    service = SESSION.get_service_model(kind.service)
    for call in calls(kind):
        shape = service.operation_model(call.operation).input_shape
        assert shape is not None, call.operation
        assert stray_members(dict(call.fields), shape, call.operation) == []
    known = [members_of(service, call.operation) for call in (kind.create, kind.modify) if call]
    for input, member in kind.rename.items():
        assert any(member in members for members in known), f"{input} -> {member}"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_kind_has_paths_that_parse_and_is_found_by_its_type(kind: Kind) -> None:
    for path in paths(kind):
        jmespath.compile(path.replace("{id}", "x"))
    assert find(kind.type) is kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_kind_has_only_inputs_of_the_sdk(kind: Kind) -> None:
    """Inputs that a kind names must be spelled as in pulumi_aws, or no program could set them."""
    _, path, name = kind.type.split(":")
    resource = getattr(importlib.import_module(f"pulumi_aws.{path.split('/')[0]}"), name)
    module = vars(importlib.import_module(resource.__module__))
    declared = _wire_names(module.get(f"{name}InitArgs") or module[f"{name}Args"])
    named = {
        key.split(".")[0]
        for key in (*kind.rename, *kind.convert, *kind.observe, *kind.derived_from, *kind.inputs.effects)
    }
    named |= {key.split(".")[0] for separate in kind.separate for key in separate.inputs}
    named |= {key.split(".")[0] for key in (*kind.inputs.absent, *kind.inputs.depending, *kind.inputs.sets.split())}
    assert sorted(named - declared - {"tags", "tagsAll", "region"}) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_kind_finds_what_an_interrupted_creation_left(kind: Kind) -> None:
    """By an id that the inputs say, or a search; and who repeats a creation that sets what is there needs neither."""
    says = [not kind.id.startswith("."), kind.search is not None, kind.upsert]
    assert any(says)
    assert not (kind.upsert and kind.search)
    assert kind.search is None or kind.id.startswith(".")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_what_is_changed_in_place_has_a_call_that_changes_it(kind: Kind) -> None:
    separate = {name for one in kind.separate for name in one.inputs}
    matched: Mapping[str, Any] = {}
    named: set[str] = set()
    if kind.modify is not None:
        model = SESSION.get_service_model(kind.service)
        named = {name.split(".")[0] for name in references(kind.modify.fields)} | set(kind.derived_from)
        matched = members_of(model, kind.modify.operation) if kind.modify.match else {}
    in_place = set(kind.inputs.in_place.split())
    tops = {name: name.split(".")[0] for name in in_place - separate}
    assert [name for name, top in tops.items() if top not in named and member_of(kind, top, matched) is None] == []
    assert separate <= in_place
    assert set(kind.inputs.depending) <= in_place
    assert {name for value in kind.inputs.computed.values() for name in value.split()} <= in_place


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_an_input_has_one_place_in_the_table(kind: Kind) -> None:
    inputs = kind.inputs
    lists = [inputs.in_place.split(), inputs.replacing.split(), inputs.steering.split()]
    every = [name for names in lists for name in names]
    assert len(every) == len(set(every))
    assert not set(inputs.refused) & set(every) - set(inputs.depending)
    assert {*inputs.absent, *inputs.sets.split()} <= set(inputs.effects)
    assert set(inputs.computed) <= {*kind.outputs, *kind.extra_outputs}
    assert inputs.source.startswith("internal/service/") and inputs.source.endswith(".go")


def _wire_names(args: type) -> set[str]:
    """camelCase names of an Args class: the name in @pulumi.getter, else the attribute's own name."""
    names = set()
    for attribute, value in vars(args).items():
        if isinstance(value, property) and value.fget is not None:
            names.add(getattr(value.fget, "_pulumi_name", attribute))
    return names


def test_a_type_without_a_kind_is_not_found() -> None:
    assert find("aws:lambda/function:Function") is None
    assert find("kubernetes:core/v1:Secret") is None
