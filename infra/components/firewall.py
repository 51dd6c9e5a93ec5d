"""A store's security group: ingress to one port from the cluster's nodes only; no egress."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.base import Component


class Firewall(Component):
    def __init__(
        self,
        name: str,
        vpc: pulumi.Input[str],
        clients: pulumi.Input[str],
        port: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`clients` is the security group that may connect to `port`."""
        super().__init__(name, opts)
        self.group = aws.ec2.SecurityGroup(
            name, name=name, description=f"Reaches {name}", vpc_id=vpc, tags={"Name": name}, opts=self.child()
        )
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=self.group.id,
            referenced_security_group_id=clients,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description="From the cluster's nodes",
            opts=self.child(),
        )
        self.register_outputs({"group": self.group.id})
