"""The EKS cluster: control plane, access entries, node groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra.components.addons import Addons
from infra.components.base import Component
from infra.components.nodes import NodeGroup, NodeGroupConfig, sizes
from infra.components.roles import service_role
from infra.settings import settings

_ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")


@settings
class ClusterConfig:
    version: str
    log_types: tuple[str, ...]
    log_retention_days: int
    public_access_from: tuple[str, ...]
    """CIDR blocks with access to the API server's public endpoint; empty for access from the VPC only."""
    admins: Mapping[str, str]
    """Name -> ARN of the IAM principals that administer the cluster, besides its creator."""
    node_groups: Mapping[str, NodeGroupConfig]
    deletion_protection: bool
    """Whether AWS itself refuses to delete the cluster."""

    def __post_init__(self) -> None:
        if "0.0.0.0/0" in self.public_access_from:
            raise ValueError("publicAccessFrom must not open the API server to everyone (0.0.0.0/0)")
        capacities = {group.capacity for group in self.node_groups.values()}
        if "ON_DEMAND" not in capacities:
            raise ValueError("nodeGroups needs one with capacity ON_DEMAND: StatefulSets cannot run on spot capacity")


class Cluster(Component):
    """`client_group` is the security group of its nodes, to which the stores allow ingress."""

    def __init__(
        self,
        name: str,
        subnets: Sequence[pulumi.Input[str]],
        key: pulumi.Input[str],
        volumes_key: pulumi.Input[str],
        config: ClusterConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        logs = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/eks/{name}/cluster",
            retention_in_days=config.log_retention_days,
            kms_key_id=key,
            opts=self.child(),
        )
        role, attached = service_role(self, f"{name}-cluster", "eks.amazonaws.com", ("AmazonEKSClusterPolicy",))
        self.cluster = aws.eks.Cluster(
            name,
            name=name,
            role_arn=role.arn,
            version=config.version,
            vpc_config=aws.eks.ClusterVpcConfigArgs(
                subnet_ids=list(subnets),
                endpoint_private_access=True,
                endpoint_public_access=bool(config.public_access_from),
                public_access_cidrs=list(config.public_access_from) or None,
            ),
            encryption_config=aws.eks.ClusterEncryptionConfigArgs(
                provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=key), resources=["secrets"]
            ),
            access_config=aws.eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=True
            ),
            deletion_protection=config.deletion_protection,
            enabled_cluster_log_types=list(config.log_types),
            opts=self.child(depends_on=[logs, *attached]),
        )
        for admin, principal in config.admins.items():
            self._grant_access(admin, principal)
        node_role, attached = service_role(self, f"{name}-node", "ec2.amazonaws.com", _NODE_POLICIES)
        size = sizes(name, config.node_groups, pulumi.InvokeOutputOptions(parent=self))
        self.node_groups = [
            NodeGroup(
                f"{name}-{group}",
                group,
                self.cluster,
                size[group],
                node_role.arn,
                subnets,
                volumes_key,
                nodes,
                self.child(depends_on=attached),
            )
            for group, nodes in config.node_groups.items()
        ]
        self.addons = Addons(f"{name}-addons", self.cluster, self.node_groups, volumes_key, self.child())
        self.client_group = self.cluster.vpc_config.apply(lambda vpc: vpc.cluster_security_group_id or "")
        self.register_outputs({"endpoint": self.cluster.endpoint})

    def _grant_access(self, admin: str, principal: str) -> None:
        entry = aws.eks.AccessEntry(
            f"{self.name}-{admin}", cluster_name=self.cluster.name, principal_arn=principal, opts=self.child()
        )
        aws.eks.AccessPolicyAssociation(
            f"{self.name}-{admin}",
            cluster_name=self.cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn=_ADMIN_POLICY,
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=self.child(),
        )
