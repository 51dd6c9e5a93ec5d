"""EKS add-ons: what a new cluster lacks for the platform's Pods."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.roles import ServiceAccountRole

_EBS = "kube-system:ebs-csi-controller-sa"
"""The ServiceAccount of the EBS CSI driver, which creates volumes as its role may."""


class Addons(Component):
    """NetworkPolicies that hold, roles of ServiceAccounts, EBS volumes, and the metrics that autoscalers read."""

    def __init__(
        self,
        name: str,
        cluster: aws.eks.Cluster,
        nodes: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`nodes`: an add-on with Deployments is active only once its Pods run somewhere."""
        super().__init__(name, opts)
        self._cluster = cluster
        before = pulumi.Alias(name=f"{name.removesuffix('-addons')}-pod-identity", parent=opts.parent)
        self._add("vpc-cni", (), {"enableNetworkPolicy": "true"})
        agent = self._add("eks-pod-identity-agent", (), aliases=[before])
        driver = ServiceAccountRole(
            f"{name}-ebs", cluster.name, _EBS, managed=["service-role/AmazonEBSCSIDriverPolicy"], opts=self.child()
        )
        self._add("aws-ebs-csi-driver", [*nodes, agent, driver])
        self._add("metrics-server", nodes)
        self.register_outputs({})

    def _add(
        self,
        addon: str,
        after: Sequence[pulumi.Resource],
        configuration: Mapping[str, object] | None = None,
        aliases: Sequence[pulumi.Alias] = (),
    ) -> aws.eks.Addon:
        return aws.eks.Addon(
            f"{self.name}-{addon}",
            cluster_name=self._cluster.name,
            addon_name=addon,
            configuration_values=json.dumps(configuration) if configuration else None,
            resolve_conflicts_on_create="OVERWRITE",  # a new cluster has a vpc-cni of its own
            opts=self.child(depends_on=after, aliases=aliases),
        )
