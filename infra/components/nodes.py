"""Node groups of a cluster: spot capacity for stateless Pods, on-demand capacity for stateful ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.settings import settings

_ROOT_DEVICE = "/dev/xvda"
"""Of Amazon Linux 2023."""


@settings
class NodeGroupConfig:
    capacity: Literal["SPOT", "ON_DEMAND"]
    instance_types: tuple[str, ...]
    min: int
    desired: int
    max: int
    disk_gib: int
    ami_type: Literal["AL2023_ARM_64_STANDARD", "AL2023_x86_64_STANDARD"] = "AL2023_ARM_64_STANDARD"
    """Its architecture is that of all instance types; AWS's own default would be x86-64."""
    stateful: bool = False
    """Tainted, so that only Pods that tolerate `aura/stateful` are scheduled here."""

    def __post_init__(self) -> None:
        if not 0 <= self.min <= self.desired <= self.max or self.max < 1:
            raise ValueError(
                f"min {self.min}, desired {self.desired}, max {self.max}: must be in this order, max at least 1"
            )
        if self.capacity == "SPOT" and len(self.instance_types) < 3:
            raise ValueError("a spot group needs three instance types or more: one type's capacity may vanish at once")
        misfits = [kind for kind in self.instance_types if is_arm(kind) != ("ARM_64" in self.ami_type)]
        if misfits:
            raise ValueError(f"{', '.join(misfits)}: not of the architecture of amiType {self.ami_type}")
        if self.capacity == "SPOT" and self.stateful:
            raise ValueError("stateful nodes must not use spot capacity")

    def within(self, size: int) -> int:
        """The nearest size that min and max allow."""
        return min(max(size, self.min), self.max)


def sizes(
    cluster: str, groups: Mapping[str, NodeGroupConfig], opts: pulumi.InvokeOutputOptions
) -> dict[str, pulumi.Output[int]]:
    """Nodes by group: `desired` in a new one; one that exists keeps what its autoscaler gave it, as far as min and max
    allow. AWS refuses a min above the size, and any other size than the real one would start or end nodes."""

    def existing(clusters: list[str]) -> pulumi.Input[list[str]]:
        return aws.eks.get_node_groups_output(cluster_name=cluster, opts=opts).names if cluster in clusters else []

    names = aws.eks.get_clusters_output(opts=opts).names.apply(existing)

    def size(group: str, config: NodeGroupConfig) -> pulumi.Output[int]:
        def live(existing: list[str]) -> pulumi.Input[int]:
            if group not in existing:
                return config.desired
            found = aws.eks.get_node_group_output(cluster_name=cluster, node_group_name=group, opts=opts)
            return found.scaling_configs.apply(lambda scaling: config.within(scaling[0].desired_size))

        return names.apply(live)

    return {group: size(group, config) for group, config in groups.items()}


def is_arm(instance_type: str) -> bool:
    """Whether a type has a Graviton processor: a "g" follows the generation, as in m7g, c7gn and r8gd; a1 is older."""
    return re.fullmatch(r"([a-z]+\d+g[a-z]*|a1)\..+", instance_type) is not None


class NodeGroup(Component):
    """`size` is how many nodes it has or will have; see `sizes`."""

    def __init__(
        self,
        name: str,
        group: str,
        cluster: aws.eks.Cluster,
        size: pulumi.Input[int],
        role: pulumi.Input[str],
        subnets: Sequence[pulumi.Input[str]],
        volumes_key: pulumi.Input[str],
        config: NodeGroupConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        stateful = aws.eks.NodeGroupTaintArgs(key="aura/stateful", value="true", effect="NO_SCHEDULE")
        template = self._template(name, volumes_key, config)
        self.group = aws.eks.NodeGroup(
            name,
            cluster_name=cluster.name,
            node_group_name=group,
            version=cluster.version,  # without it, an upgrade of the cluster would leave the nodes behind
            node_role_arn=role,
            subnet_ids=list(subnets),
            ami_type=config.ami_type,
            capacity_type=config.capacity,
            instance_types=list(config.instance_types),
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=config.min, desired_size=size, max_size=config.max
            ),
            labels={"aura/pool": group},
            taints=[stateful] if config.stateful else None,
            opts=self.child(),
        )
        self.register_outputs({"arn": self.group.arn})

    def _template(self, name: str, key: pulumi.Input[str], config: NodeGroupConfig) -> aws.ec2.LaunchTemplate:
        """Encrypted root volumes, and credentials of the node that its Pods cannot read: IMDSv2, one network hop."""
        disk = aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_size=config.disk_gib,
            volume_type="gp3",
            encrypted="true",
            kms_key_id=key,
            delete_on_termination="true",
        )
        return aws.ec2.LaunchTemplate(
            name,
            name=name,
            update_default_version=True,
            block_device_mappings=[aws.ec2.LaunchTemplateBlockDeviceMappingArgs(device_name=_ROOT_DEVICE, ebs=disk)],
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            tags={"Name": name},
            opts=self.child(),
        )
