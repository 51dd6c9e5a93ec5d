"""IAM roles of the controllers that call AWS, by the ServiceAccounts that their charts make."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.components.backups import Backups
from infra.components.base import Component
from infra.components.roles import ServiceAccountRole
from infra.components.zone import Zone

_RECORDS = "route53:ChangeResourceRecordSets"
Statements = list[dict[str, object]]


class ControllerRoles(Component):
    def __init__(
        self,
        name: str,
        cluster: aws.eks.Cluster,
        zone: Zone,
        backups: Backups,
        backups_key: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        zone_arn = pulumi.Output.concat("arn:aws:route53:::hostedzone/", zone.id)
        roles: Mapping[str, Statements] = {
            "external-dns:external-dns": _external_dns(zone_arn),
            "cert-manager:cert-manager": _cert_manager(zone_arn),
            "kube-system:cluster-autoscaler": _cluster_autoscaler(cluster),
            "aura:timeseries": _backups(backups.bucket.arn, backups_key),
        }
        for account, statements in roles.items():
            ServiceAccountRole(
                f"{name}-{account.partition(':')[2]}", cluster.name, account, statements, opts=self.child()
            )
        self.register_outputs({})


def _allow(actions: list[str], resource: object, **condition: object) -> dict[str, object]:
    statement: dict[str, object] = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def _external_dns(zone: pulumi.Input[str]) -> Statements:
    """Records of the hosts that Gateways and HTTPRoutes name."""
    of_zone = [_RECORDS, "route53:ListResourceRecordSets", "route53:ListTagsForResources"]
    return [_allow(of_zone, zone), _allow(["route53:ListHostedZones"], "*")]


def _cert_manager(zone: pulumi.Input[str]) -> Statements:
    """The TXT records by which DNS-01 proves that the domain is ours."""
    only_text = {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]}
    return [
        _allow([_RECORDS], zone, **{"ForAllValues:StringEquals": only_text}),
        _allow(["route53:ListResourceRecordSets"], zone),
        _allow(["route53:GetChange"], "arn:aws:route53:::change/*"),
    ]


def _cluster_autoscaler(cluster: aws.eks.Cluster) -> Statements:
    """The sizes of this cluster's groups. EKS itself tags the Auto Scaling groups of its node groups for discovery."""
    seen = [
        *(f"autoscaling:Describe{what}" for what in ("AutoScalingGroups", "AutoScalingInstances", "Tags")),
        *(f"autoscaling:Describe{what}" for what in ("LaunchConfigurations", "ScalingActivities")),
        *(f"ec2:Describe{what}" for what in ("Images", "InstanceTypes", "LaunchTemplateVersions")),
        "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    groups = cluster.arn.apply(lambda arn: f"{arn.replace(':cluster/', ':nodegroup/')}/*")
    sized = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    tag = pulumi.Output.concat("aws:ResourceTag/k8s.io/cluster-autoscaler/", cluster.name)
    owned = tag.apply(lambda key: {key: "owned"})
    return [
        _allow(seen, "*"),
        _allow(["eks:DescribeNodegroup"], groups),
        _allow(sized, "*", StringEquals=owned),
    ]


def _backups(bucket: pulumi.Output[str], key: pulumi.Input[str]) -> Statements:
    """The archive of the log and the base backups, which the Pods of the store write and read."""
    objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    return [
        _allow(["s3:ListBucket", "s3:GetBucketLocation"], bucket),
        _allow(objects, pulumi.Output.concat(bucket, "/*")),
        _allow(["kms:Decrypt", "kms:GenerateDataKey"], key),
    ]
