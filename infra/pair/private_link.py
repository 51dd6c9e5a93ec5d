"""How MSK Replicator reaches the brokers of another region."""

from __future__ import annotations

import pulumi_aws as aws


def private_link() -> aws.msk.ClusterBrokerNodeGroupInfoConnectivityInfoArgs:
    """Multi-VPC private connectivity with IAM, which MSK has for clusters that exist already, and no kafka.t3.small."""
    sasl = aws.msk.ClusterBrokerNodeGroupInfoConnectivityInfoVpcConnectivityClientAuthenticationSaslArgs(iam=True)
    client = aws.msk.ClusterBrokerNodeGroupInfoConnectivityInfoVpcConnectivityClientAuthenticationArgs(sasl=sasl)
    return aws.msk.ClusterBrokerNodeGroupInfoConnectivityInfoArgs(
        vpc_connectivity=aws.msk.ClusterBrokerNodeGroupInfoConnectivityInfoVpcConnectivityArgs(
            client_authentication=client
        )
    )
