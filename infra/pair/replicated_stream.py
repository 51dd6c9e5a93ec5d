"""What lets MSK Replicator reach the brokers of one region: a security group, and a policy of the cluster."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.stream import Stream

_IAM_PORT = 9098
"""Of the brokers' listener with SASL by IAM over TLS."""
_READ_BY_MSK = ["kafka:CreateVpcConnection", "kafka:GetBootstrapBrokers", "kafka:DescribeClusterV2"]


class ReplicatedStream(Component):
    """`cluster` is how a replicator names these brokers."""

    def __init__(self, name: str, stream: Stream, vpc: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        group = aws.ec2.SecurityGroup(
            name, name=name, description="MSK Replicator", vpc_id=vpc, tags={"Name": name}, opts=self.child()
        )
        aws.vpc.SecurityGroupEgressRule(
            name,
            security_group_id=group.id,
            referenced_security_group_id=stream.group.id,
            ip_protocol="tcp",
            from_port=_IAM_PORT,
            to_port=_IAM_PORT,
            description="To the brokers",
            opts=self.child(),
        )
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=stream.group.id,
            referenced_security_group_id=group.id,
            ip_protocol="tcp",
            from_port=_IAM_PORT,
            to_port=_IAM_PORT,
            description="From MSK Replicator",
            opts=self.child(),
        )
        read = {
            "Effect": "Allow",
            "Principal": {"Service": "kafka.amazonaws.com"},
            "Action": _READ_BY_MSK,
            "Resource": stream.cluster.arn,
        }
        document = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [read]})
        self.readable = aws.msk.ClusterPolicy(name, cluster_arn=stream.cluster.arn, policy=document, opts=self.child())
        self.arn = stream.cluster.arn
        self.cluster = aws.msk.ReplicatorKafkaClusterArgs(
            amazon_msk_cluster=aws.msk.ReplicatorKafkaClusterAmazonMskClusterArgs(msk_cluster_arn=self.arn),
            vpc_config=aws.msk.ReplicatorKafkaClusterVpcConfigArgs(
                subnet_ids=stream.subnets, security_groups_ids=[group.id]
            ),
        )
        self.register_outputs({})
