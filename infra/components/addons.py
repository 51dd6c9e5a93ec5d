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
        volumes_key: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`nodes`: an add-on with Deployments is active only once its Pods run somewhere.

        coredns and kube-proxy are those that every cluster begins with. Each add-on has the version that is AWS's
        default for the cluster's version of Kubernetes, so an upgrade takes them with it.
        """
        super().__init__(name, opts)
        self._cluster = cluster
        before = pulumi.Alias(name=f"{name.removesuffix('-addons')}-pod-identity", parent=opts.parent)
        self._add("vpc-cni", (), {"enableNetworkPolicy": "true"})
        self._add("kube-proxy", ())
        self._add("coredns", nodes)
        agent = self._add("eks-pod-identity-agent", (), aliases=[before])
        driver = ServiceAccountRole(
            f"{name}-ebs",
            cluster.name,
            _EBS,
            _with_key(volumes_key),
            ["service-role/AmazonEBSCSIDriverPolicy"],
            opts=self.child(),
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
        offered = aws.eks.get_addon_version_output(
            addon_name=addon, kubernetes_version=self._cluster.version, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return aws.eks.Addon(
            f"{self.name}-{addon}",
            cluster_name=self._cluster.name,
            addon_name=addon,
            addon_version=offered.version,
            configuration_values=json.dumps(configuration) if configuration else None,
            resolve_conflicts_on_create="OVERWRITE",  # a new cluster has a vpc-cni of its own
            resolve_conflicts_on_update="PRESERVE",  # what a person set in the cluster survives a new version
            opts=self.child(depends_on=after, aliases=aliases),
        )


def _with_key(key: pulumi.Input[str]) -> list[dict[str, object]]:
    """What AWS's policy for the driver leaves out: volumes that are encrypted with a key of the account's own."""
    used = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    for_volumes = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        {"Effect": "Allow", "Action": used, "Resource": key},
        {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": key, "Condition": for_volumes},
    ]
