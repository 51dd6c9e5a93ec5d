from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field

from contracts.resource import ResourceModel
from contracts.rules import Rule
from contracts.structural_schema import NotStructural, structural_schema


class Inner(ResourceModel):
    rules: ClassVar = (Rule("self.least <= self.most", "least is above most", ".least"),)
    least: int = Field(default=1, ge=0)
    most: Annotated[float, Field(gt=0, lt=1)]


class Outer(ResourceModel):
    inner: Inner
    maybe: Inner | None = Field(default=None, description="Optional.")
    names: dict[Annotated[str, Field(pattern="^[a-z]$", max_length=1)], Annotated[int, Field(ge=1)]]
    mode: Literal["only"] = "only"


def test_carries_bounds_and_rules() -> None:
    inner = structural_schema(Outer)["properties"]["inner"]
    assert inner["required"] == ["most"]
    assert inner["properties"]["least"] == {"type": "integer", "minimum": 0}
    assert inner["properties"]["most"] == {
        "type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 1, "exclusiveMaximum": True,
    }  # fmt: skip
    assert inner["x-kubernetes-validations"] == [
        {"rule": "self.least <= self.most", "message": "least is above most", "fieldPath": ".least"}
    ]


def test_stores_no_defaults() -> None:
    def defaults(node: Any) -> list[Any]:
        if isinstance(node, dict):
            return [node] * ("default" in node) + [found for value in node.values() for found in defaults(value)]
        return [found for item in node for found in defaults(item)] if isinstance(node, list) else []

    assert defaults(structural_schema(Outer)) == []


def test_nullable_members_are_optional() -> None:
    schema = structural_schema(Outer)
    assert "maybe" not in schema["required"]
    assert schema["properties"]["maybe"]["description"] == "Optional."
    assert schema["properties"]["maybe"]["type"] == "object"


def test_keys_of_a_map_become_rules() -> None:
    names = structural_schema(Outer)["properties"]["names"]
    assert names["additionalProperties"] == {"type": "integer", "minimum": 1}
    rules = [rule["rule"] for rule in names["x-kubernetes-validations"]]
    assert rules == ["self.all(name, name.size() <= 1)", "self.all(name, name.matches('^[a-z]$'))"] or rules == [
        "self.all(name, name.matches('^[a-z]$'))",
        "self.all(name, name.size() <= 1)",
    ]


@pytest.mark.parametrize("kind", [int | str, tuple[int, str], Any, Annotated[int, Field(multiple_of=2)]])
def test_refuses_what_a_structural_schema_does_not_support(kind: Any) -> None:
    class Odd(BaseModel):
        deep: list[kind]  # pyright: ignore[reportInvalidTypeForm]

    with pytest.raises(NotStructural, match=r"Odd\.deep\[?"):
        structural_schema(Odd)
