"""Managed node groups."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Literal, SeparateCall
from local.plugins.aws.kinds.eks import READY, TAGS, awaited
from local.plugins.provider.values import Values

_GROUP = {"clusterName": "{clusterName}", "nodegroupName": "{nodeGroupName}"}
_CONFIG = ("scalingConfig", "labels", "taints", "updateConfig", "nodeRepairConfig")


def _config(old: Values, known: Values) -> list[Call]:
    """One update for all of it. Labels and taints are added and removed one by one."""
    plain = [name for name in _CONFIG if name not in ("labels", "taints") and old.get(name) != known.get(name)]
    fields: dict[str, Any] = {name: f"{{{name}}}" for name in plain}
    labels = _labels(old.get("labels") or {}, known.get("labels") or {})
    taints = _taints(old.get("taints") or [], known.get("taints") or [])
    more = {name: Literal(change) for name, change in (("labels", labels), ("taints", taints)) if change}
    return [Call("UpdateNodegroupConfig", {**_GROUP, **fields, **more})]


def _labels(old: Values, new: Values) -> Values:
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    removed = [key for key in old if key not in new]
    return {**({"addOrUpdateLabels": changed} if changed else {}), **({"removeLabels": removed} if removed else {})}


def _taints(old: list[Values], new: list[Values]) -> Values:
    """AWS tells taints apart by key and effect."""
    kept = {(taint["key"], taint["effect"]) for taint in new}
    changed = [taint for taint in new if taint not in old]
    removed = [taint for taint in old if (taint["key"], taint["effect"]) not in kept]
    return {**({"addOrUpdateTaints": changed} if changed else {}), **({"removeTaints": removed} if removed else {})}


def _version(old: Values, known: Values) -> list[Call]:
    names = [name for name in ("version", "releaseVersion") if old.get(name) != known.get(name)]
    fields = {name: f"{{{name}}}" for name in names}
    template = {"launchTemplate": "{launchTemplate}"} if "launchTemplate" in known else {}
    return [Call("UpdateNodegroupVersion", {**_GROUP, "force": "{forceUpdateVersion}", **fields, **template})]


KINDS = (
    Kind(
        type="aws:eks/nodeGroup:NodeGroup",
        service="eks",
        inputs=Inputs(
            source="internal/service/eks/node_group.go",
            in_place="labels launchTemplate.version nodeRepairConfig releaseVersion scalingConfig taints updateConfig "
            "version",
            replacing="amiType capacityType clusterName diskSize instanceTypes launchTemplate.id launchTemplate.name "
            "nodeGroupName nodeRoleArn remoteAccess subnetIds",
            steering="forceUpdateVersion",
            absent={"labels": {}, "taints": []},
            sets="subnetIds taints",
        ),
        create=Call("CreateNodegroup", match=True),
        id="{clusterName}:{nodeGroupName}",
        read=Call("DescribeNodegroup", _GROUP),
        found="nodegroup",
        delete=Call("DeleteNodegroup", _GROUP),
        name="nodeGroupName",
        rename={"nodeRoleArn": "nodeRole", "subnetIds": "subnets"},
        separate=(
            SeparateCall(("version", "releaseVersion", "launchTemplate.version"), _version, created=True),
            SeparateCall(_CONFIG, _config, created=True),
        ),
        awaited=awaited(name="{clusterName}", nodegroupName="{nodeGroupName}"),
        outputs={"arn": "nodegroupArn"},
        ready=READY,
        tags=TAGS,
    ),
)
