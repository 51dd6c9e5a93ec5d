"""The EKS operations on add-ons. Nodes and the add-ons process of a cluster do their work."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.moto_backends.roles import role_of
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.addons.catalog import CATALOG, NEEDS_ROLE, configuration_problem, schema_text, versions
from local.cloud.svc.eks.addons.configured import delete
from local.cloud.svc.eks.model import Addon, Cluster, EksState, PodIdentityAssociation
from local.cloud.svc.eks.operations.clusters import kubernetes_version
from local.cloud.svc.eks.operations.lookup import addon_of, cluster_of
from local.cloud.svc.eks.operations.pod_identity import checked_role, new_association, of_others
from local.cloud.svc.eks.operations.updates import record
from local.cloud.svc.eks.rules.syntax import bad_tags

_CHANGEABLE = {
    "addonVersion": "AddonVersion",
    "serviceAccountRoleArn": "ServiceAccountRoleArn",
    "configurationValues": "ConfigurationValues",
    "podIdentityAssociations": "PodIdentityAssociations",
}
_NAMESPACE = "kube-system"


class AddonOperations(Service[EksState]):
    def create_addon(self, state: EksState, inputs: Inputs) -> Output:
        cluster, name = cluster_of(state, inputs["clusterName"]), inputs["addonName"]
        if name not in CATALOG:
            message = f"Addon {name} specified is not supported in {cluster.inputs['version']} kubernetes version"
            raise AwsError("InvalidParameterException", message)
        if name in cluster.addons:
            raise AwsError("ResourceInUseException", "Addon already exists.")
        inputs.setdefault("addonVersion", versions(name, cluster.inputs["version"])[0])
        inputs.setdefault("tags", {})
        _check(cluster, name, inputs)
        arn = self.context.arn("eks", state.region, f"addon/{cluster.name}/{name}/{secrets.token_hex(16)}")
        now = datetime.now(UTC)
        cluster.associations = self._associations(state.region, cluster, arn, inputs)
        cluster.addons[name] = Addon(name, arn, inputs, now, now)
        if cluster.status == "ACTIVE":
            cluster.addons[name].status = "ACTIVE"
        return {"addon": _described(cluster, cluster.addons[name])}

    def describe_addon(self, state: EksState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs["clusterName"])
        return {"addon": _described(cluster, addon_of(cluster, inputs["addonName"]))}

    def list_addons(self, state: EksState, inputs: Inputs) -> Output:
        return {"addons": list(cluster_of(state, inputs["clusterName"]).addons)}

    def update_addon(self, state: EksState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs["clusterName"])
        addon = addon_of(cluster, inputs["addonName"])
        _check(cluster, addon.name, inputs)
        changes = {key: inputs[key] for key in _CHANGEABLE if key in inputs}
        if "podIdentityAssociations" in changes:
            cluster.associations = self._associations(state.region, cluster, addon.arn, changes)
        addon.inputs |= changes
        addon.modified = datetime.now(UTC)
        params = {_CHANGEABLE[key]: value for key, value in changes.items()}
        params |= {"ResolveConflicts": inputs["resolveConflicts"]} if "resolveConflicts" in inputs else {}
        return record(cluster, "AddonUpdate", params, addon=addon.name)

    def delete_addon(self, state: EksState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs["clusterName"])
        addon = addon_of(cluster, inputs["addonName"])
        answer = {"addon": {**_described(cluster, addon), "status": "DELETING"}}
        cluster.associations = of_others(cluster, addon.arn)
        delete(cluster, addon, inputs.get("preserve", False))
        return answer

    def describe_addon_versions(self, state: EksState, inputs: Inputs) -> Output:
        names = [inputs["addonName"]] if "addonName" in inputs else list(CATALOG)
        here = kubernetes_version()
        if inputs.get("kubernetesVersion", here) != here:  # clusters of other versions cannot be made here
            names = []
        if inputs.get("types"):
            names = [name for name in names if name in CATALOG and CATALOG[name].kind in inputs["types"]]
        if "aws" not in (inputs.get("owners") or ["aws"]) or "eks" not in (inputs.get("publishers") or ["eks"]):
            names = []
        return {"addons": [_versions(name, here) for name in names if name in CATALOG]}

    def describe_addon_configuration(self, state: EksState, inputs: Inputs) -> Output:
        name, version = inputs["addonName"], inputs["addonVersion"]
        if name not in CATALOG or version not in versions(name, kubernetes_version()):
            raise AwsError("ResourceNotFoundException", f"There is no add-on {name} of the version {version}.")
        accounts = [NEEDS_ROLE[name]] if name in NEEDS_ROLE else []
        return {
            "addonName": name,
            "addonVersion": version,
            "configurationSchema": schema_text(name),
            "podIdentityConfiguration": [{"serviceAccount": a, "recommendedManagedPolicies": []} for a in accounts],
        }

    def _associations(
        self, region: str, cluster: Cluster, addon: str, inputs: Inputs
    ) -> dict[str, PodIdentityAssociation]:
        """The cluster's associations, and of the add-on with this ARN those that `inputs` wants. Raises AwsError."""
        made = of_others(cluster, addon)
        for wanted in inputs.get("podIdentityAssociations", []):
            asked = {**wanted, "clusterName": cluster.name, "namespace": _NAMESPACE}
            one = new_association(self.context, region, made, asked, owner=addon)
            made[one.id] = one
        return made


def _check(cluster: Cluster, name: str, inputs: Inputs) -> None:
    """Raises AwsError for a version, configuration or role that the add-on does not take."""
    version = cluster.inputs["version"]
    if inputs.get("addonVersion", "") not in ("", *versions(name, version)):
        message = f"Addon version specified is not supported: {name} {inputs['addonVersion']} for Kubernetes {version}"
        raise AwsError("InvalidParameterException", message)
    problem = configuration_problem(name, inputs.get("configurationValues", "")) or bad_tags(inputs.get("tags", {}))
    if problem:
        raise AwsError("InvalidParameterException", problem)
    if inputs.get("serviceAccountRoleArn") and role_of(inputs["serviceAccountRoleArn"]) is None:
        raise AwsError("InvalidParameterException", f"There is no such role: {inputs['serviceAccountRoleArn']}")
    for wanted in inputs.get("podIdentityAssociations", []):
        if NEEDS_ROLE.get(name) != wanted["serviceAccount"]:
            message = (
                f"Service account {wanted['serviceAccount']} in pod identity configuration is not supported "
                f"for addon {name}"
            )
            raise AwsError("InvalidParameterException", message)
        checked_role(wanted["roleArn"])


def _versions(name: str, kubernetes: str) -> dict[str, Any]:
    return {
        "addonName": name,
        "type": CATALOG[name].kind,
        "owner": "aws",
        "publisher": "eks",
        "addonVersions": [
            {
                "addonVersion": version,
                "architecture": ["amd64", "arm64"],
                "compatibilities": [{"clusterVersion": kubernetes, "platformVersions": ["*"], "defaultVersion": not n}],
                "requiresIamPermissions": name in NEEDS_ROLE,
            }
            for n, version in enumerate(versions(name, kubernetes))
        ],
    }


def _described(cluster: Cluster, addon: Addon) -> Output:
    hidden = ("clientRequestToken", "podIdentityAssociations", "resolveConflicts")
    owned = [known.arn for known in cluster.associations.values() if known.inputs.get("ownerArn") == addon.arn]
    return {
        **{key: value for key, value in addon.inputs.items() if key not in hidden},
        **({"podIdentityAssociations": owned} if owned else {}),
        "addonArn": addon.arn,
        "createdAt": addon.created,
        "modifiedAt": addon.modified,
        "status": addon.status,
        "health": {"issues": []},
        "publisher": "eks",
        "owner": "aws",
    }
