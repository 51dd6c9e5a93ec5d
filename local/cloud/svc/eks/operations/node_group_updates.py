"""The EKS operations that change a managed node group: configuration and version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.eks.model import Cluster, EksState, NodeGroup
from local.cloud.svc.eks.operations.clusters import kubernetes_version
from local.cloud.svc.eks.operations.lookup import active, cluster_of, group_of
from local.cloud.svc.eks.operations.node_groups import check_size, release, resolved_template
from local.cloud.svc.eks.operations.updates import record
from local.cloud.svc.eks.rules import versions
from local.cloud.svc.eks.rules.node_groups import bad_scaling, bad_update_config
from local.cloud.svc.eks.rules.syntax import bad_labels, bad_taints
from local.cloud.svc.eks.rules.table import check
from local.cloud.svc.eks.rules.templates import TEMPLATE_RULES, TemplateFacts

_SIZES = {"minSize": "MinSize", "maxSize": "MaxSize", "desiredSize": "DesiredSize"}
_AS_GIVEN = ("updateConfig", "nodeRepairConfig")


class NodeGroupUpdateOperations(Service[EksState]):
    def update_nodegroup_config(self, state: EksState, inputs: Inputs) -> Output:
        cluster, group = _updatable(state, inputs)
        if inputs.get("warmPoolConfig"):
            raise unsupported("warm pools")
        labels, taints = inputs.get("labels", {}), inputs.get("taints", {})
        after = {
            "scalingConfig": {**group.inputs["scalingConfig"], **inputs.get("scalingConfig", {})},
            "labels": _changed_labels(group.inputs["labels"], labels),
            "taints": _changed_taints(group.inputs["taints"], taints),
            **{key: inputs[key] for key in _AS_GIVEN if key in inputs},
        }
        problems = (
            bad_scaling(after["scalingConfig"]),
            bad_labels(after["labels"]),
            bad_taints(after["taints"]),
            bad_update_config(inputs.get("updateConfig", {})),
        )
        for problem in filter(None, problems):
            raise AwsError("InvalidParameterException", problem)
        check_size(state, group.name, after["scalingConfig"]["desiredSize"])
        group.inputs |= after
        return _started(cluster, group, "ConfigUpdate", _config_params(inputs, labels, taints))

    def update_nodegroup_version(self, state: EksState, inputs: Inputs) -> Output:
        cluster, group = _updatable(state, inputs)
        version = inputs.get("version", cluster.inputs["version"])
        versions.check_nodes(version, cluster.inputs["version"], kubernetes_version())
        if (versions.minor(version) or 0) < (versions.minor(group.inputs["version"]) or 0):
            message = f"Nodes of {group.name} cannot go back from {group.inputs['version']} to {version}."
            raise AwsError("InvalidParameterException", message)
        newest = release(version)
        if inputs.get("releaseVersion", newest) != newest:
            message = f"Requested release version {inputs['releaseVersion']} is not valid for {version}."
            raise AwsError("InvalidParameterException", message)
        after: dict[str, Any] = {"version": version, "releaseVersion": newest}
        params = {"Version": version, "ReleaseVersion": newest}
        if inputs.get("launchTemplate"):
            template = after["launchTemplate"] = _next_template(state.region, group, inputs)
            params |= {"LaunchTemplateName": template["name"], "LaunchTemplateVersion": template["version"]}
        current = {"releaseVersion": release(group.inputs["version"]), **group.inputs}
        if all(current.get(key) == value for key, value in after.items()):
            return record(cluster, "VersionUpdate", params, node_group=group.name)
        group.inputs |= after
        group.generation += 1
        return _started(cluster, group, "VersionUpdate", params)


def _updatable(state: EksState, inputs: Inputs) -> tuple[Cluster, NodeGroup]:
    """The node group, if it is ACTIVE: only one update of it at a time."""
    cluster = active(cluster_of(state, inputs["clusterName"]))
    group = group_of(cluster, inputs["nodegroupName"])
    if group.status != "ACTIVE":
        message = f"Nodegroup {group.name} is {group.status}; it must be ACTIVE for this."
        raise AwsError("ResourceInUseException", message)
    return cluster, group


def _started(cluster: Cluster, group: NodeGroup, kind: str, params: dict[str, Any]) -> Output:
    group.status, group.modified = "UPDATING", datetime.now(UTC)
    return record(cluster, kind, params, node_group=group.name, status="InProgress")


def _next_template(region: str, group: NodeGroup, inputs: Inputs) -> dict[str, str]:
    known = group.inputs.get("launchTemplate")
    if known is None:
        message = f"Node group {group.name} was created without a launch template."
        raise AwsError("InvalidParameterException", message)
    template = resolved_template(region, inputs["launchTemplate"])
    if template.id != known["id"]:
        raise AwsError("InvalidParameterException", f"Node group {group.name} must keep its launch template.")
    check(TEMPLATE_RULES, TemplateFacts(inputs, template.data))
    if template.data.get("ImageId"):
        raise unsupported("nodes of your own image")
    return {"id": template.id, "name": template.name, "version": template.number}


def _config_params(inputs: Inputs, labels: dict[str, Any], taints: dict[str, Any]) -> dict[str, Any]:
    sizes, update = inputs.get("scalingConfig", {}), inputs.get("updateConfig", {})
    found = {
        **{key: sizes.get(name) for name, key in _SIZES.items()},
        "LabelsToAdd": labels.get("addOrUpdateLabels"),
        "LabelsToRemove": labels.get("removeLabels"),
        "TaintsToAdd": taints.get("addOrUpdateTaints"),
        "TaintsToRemove": taints.get("removeTaints"),
        "MaxUnavailable": update.get("maxUnavailable"),
        "MaxUnavailablePercentage": update.get("maxUnavailablePercentage"),
        "NodeRepairConfig": inputs.get("nodeRepairConfig"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _changed_labels(labels: dict[str, str], change: dict[str, Any]) -> dict[str, str]:
    kept = {key: value for key, value in labels.items() if key not in change.get("removeLabels", [])}
    return {**kept, **change.get("addOrUpdateLabels", {})}


def _changed_taints(taints: list[dict[str, str]], change: dict[str, Any]) -> list[dict[str, str]]:
    added = change.get("addOrUpdateTaints", [])
    replaced = {(taint["key"], taint["effect"]) for taint in [*added, *change.get("removeTaints", [])]}
    return [*(taint for taint in taints if (taint["key"], taint["effect"]) not in replaced), *added]
