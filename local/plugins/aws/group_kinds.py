"""Subnet groups and parameter groups, which RDS and ElastiCache have under different names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Literal, SeparateCall, Tags
from local.plugins.provider.values import Values

TAGS = Tags(
    create="Tags",
    set=Call("AddTagsToResource", {"ResourceName": "{arn}", "Tags": "{tagSet}"}),
    unset=Call("RemoveTagsFromResource", {"ResourceName": "{arn}", "TagKeys": "{tagKeys}"}),
    path="TagList",
    lookup=Call("ListTagsForResource", {"ResourceName": "{arn}"}),
)


def subnet_group(service: str, noun: str, arn: str, modify: Mapping[str, Any]) -> Kind:
    """`noun` is the API's, such as DBSubnetGroup; `modify` are fields that every modification must have."""
    return _group(
        f"aws:{service}/subnetGroup:SubnetGroup",
        noun,
        arn,
        create=Call(f"Create{noun}", match=True),
        modify=Call(f"Modify{noun}", {f"{noun}Name": "{id}", **modify}, match=True),
        rename={"name": f"{noun}Name", "description": f"{noun}Description"},
        observe={"subnetIds": "Subnets[].SubnetIdentifier"},
        inputs=Inputs(
            source=f"internal/service/{service}/subnet_group.go",
            in_place="description subnetIds",
            replacing="name",
            sets="subnetIds",
        ),
    )


def parameter_group(service: str, noun: str, arn: str, field: str, more: Callable[[Any], Mapping[str, str]]) -> Kind:
    """`field` takes the parameters in a modification, each with name, value and what `more` makes of the input."""

    def modify(old: Values, known: Values) -> list[Call]:
        before = {parameter["name"]: parameter for parameter in old.get("parameters") or ()}
        after = {parameter["name"]: parameter for parameter in known["parameters"]}
        lost = [{"ParameterName": name, **more(before[name])} for name in before if name not in after]
        changed = [
            {"ParameterName": name, "ParameterValue": str(parameter["value"]), **more(parameter)}
            for name, parameter in after.items()
            if parameter != before.get(name)
        ]
        forms = ((f"Reset{noun}", lost), (f"Modify{noun}", changed))
        return [Call(operation, {f"{noun}Name": "{id}", field: Literal(form)}) for operation, form in forms if form]

    names = {f"{noun}Name": "{name}", f"{noun}Family": "{family}", "Description": "{description}"}
    return _group(
        f"aws:{service}/parameterGroup:ParameterGroup",
        noun,
        arn,
        create=Call(f"Create{noun}", names),
        rename={"name": f"{noun}Name", "family": f"{noun}Family"},
        separate=(SeparateCall(("parameters",), modify),),
        inputs=Inputs(
            source=f"internal/service/{service}/parameter_group.go",
            in_place="parameters",
            replacing="name family description",
            absent={"parameters": []},
            sets="parameters",
        ),
    )


def _group(type: str, noun: str, arn: str, **more: Any) -> Kind:
    return Kind(
        type=type,
        service=type.removeprefix("aws:").partition("/")[0],
        id="{name}",
        read=Call(f"Describe{noun}s", {f"{noun}Name": "{id}"}),
        found=f"{noun}s[0]",
        delete=Call(f"Delete{noun}", {f"{noun}Name": "{id}"}),
        name="name",
        defaults={"description": "Managed by Pulumi"},
        outputs={"arn": arn},
        tags=TAGS,
        **more,
    )
