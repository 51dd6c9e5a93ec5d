"""The EKS operations on add-ons. They are only recorded: nodes and control plane do their work here."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.model import Addon, Cluster, EksState
from local.cloud.svc.eks.operations.clusters import cluster_of, kubernetes_version, record_update

_VERSIONS = {
    "vpc-cni": "v1.20.4-eksbuild.1",
    "coredns": "v1.12.4-eksbuild.1",
    "kube-proxy": "v{kubernetes}.0-eksbuild.1",
    "aws-ebs-csi-driver": "v1.50.1-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.9-eksbuild.1",
    "metrics-server": "v0.8.0-eksbuild.1",
}


class AddonOperations(Service[EksState]):
    def create_addon(self, state: EksState, inputs: Inputs) -> Output:
        cluster, name = cluster_of(state, inputs["clusterName"]), inputs["addonName"]
        if name in cluster.addons:
            raise AwsError("ResourceInUseException", f"Addon already exists: {name}.")
        inputs.setdefault("addonVersion", _default_version(name))
        inputs.setdefault("tags", {})
        arn = self.context.arn("eks", state.region, f"addon/{cluster.name}/{name}/{secrets.token_hex(16)}")
        now = datetime.now(UTC)
        cluster.addons[name] = Addon(name, arn, inputs, now, now)
        if cluster.status == "ACTIVE":
            cluster.addons[name].status = "ACTIVE"
        return {"addon": _described(cluster.addons[name])}

    def describe_addon(self, state: EksState, inputs: Inputs) -> Output:
        return {"addon": _described(_addon(state, inputs)[1])}

    def list_addons(self, state: EksState, inputs: Inputs) -> Output:
        return {"addons": list(cluster_of(state, inputs["clusterName"]).addons)}

    def update_addon(self, state: EksState, inputs: Inputs) -> Output:
        cluster, addon = _addon(state, inputs)
        changes = ("addonVersion", "serviceAccountRoleArn", "configurationValues", "podIdentityAssociations")
        addon.inputs |= {key: inputs[key] for key in changes if key in inputs}
        addon.modified = datetime.now(UTC)
        return {"update": record_update(cluster, "AddonUpdate", inputs)}

    def delete_addon(self, state: EksState, inputs: Inputs) -> Output:
        cluster, addon = _addon(state, inputs)
        del cluster.addons[addon.name]
        return {"addon": {**_described(addon), "status": "DELETING"}}

    def describe_addon_versions(self, state: EksState, inputs: Inputs) -> Output:
        chosen = [inputs["addonName"]] if "addonName" in inputs else list(_VERSIONS)
        compatible = [{"clusterVersion": kubernetes_version(), "defaultVersion": True}]
        return {
            "addons": [
                {
                    "addonName": name,
                    "owner": "aws",
                    "addonVersions": [{"addonVersion": _default_version(name), "compatibilities": compatible}],
                }
                for name in chosen
            ]
        }


def _default_version(name: str) -> str:
    if name not in _VERSIONS:
        message = f"Addon {name} specified is not supported in {kubernetes_version()} kubernetes version"
        raise AwsError("InvalidParameterException", message)
    return _VERSIONS[name].format(kubernetes=kubernetes_version())


def _addon(state: EksState, inputs: Inputs) -> tuple[Cluster, Addon]:
    cluster, name = cluster_of(state, inputs["clusterName"]), inputs["addonName"]
    if name not in cluster.addons:
        raise AwsError("ResourceNotFoundException", f"No addon: {name} found in cluster: {cluster.name}")
    return cluster, cluster.addons[name]


def _described(addon: Addon) -> Output:
    return {
        **addon.inputs,
        "addonArn": addon.arn,
        "createdAt": addon.created,
        "modifiedAt": addon.modified,
        "status": addon.status,
        "health": {"issues": []},
        "publisher": "eks",
        "owner": "aws",
    }
