"""Clusters as the Describe, List and Get operations return them."""

from __future__ import annotations

from local.cloud.service.base import Output
from local.cloud.svc.msk.model import Cluster
from local.cloud.svc.msk.security import listeners, transit

_BOOTSTRAP = {
    "CLIENT": "BootstrapBrokerString",
    "CLIENT_SECURE": "BootstrapBrokerStringTls",
    "CLIENT_SASL_SCRAM": "BootstrapBrokerStringSaslScram",
}
"""Listener -> member of the answer to GetBootstrapBrokers."""

_BOOTSTRAP_BROKERS = 3
"""How many brokers a string names: https://docs.aws.amazon.com/msk/latest/developerguide/msk-get-bootstrap-brokers.html"""


def bootstrap(cluster: Cluster) -> Output:
    """The bootstrap servers of each listener that the cluster has."""
    ports = {name: port for name, (_, port) in listeners(cluster.inputs).protocols().items()}
    return {
        member: ",".join(f"{address}:{ports[name]}" for address in cluster.addresses[:_BOOTSTRAP_BROKERS])
        for name, member in _BOOTSTRAP.items()
        if name in ports
    }


def software(cluster: Cluster) -> Output:
    configuration = cluster.inputs.get("ConfigurationInfo", {})
    return {
        "KafkaVersion": cluster.inputs["KafkaVersion"],
        "ConfigurationArn": configuration.get("Arn"),
        "ConfigurationRevision": configuration.get("Revision"),
    }


def info(cluster: Cluster) -> Output:
    """ClusterInfo of DescribeCluster."""
    operation = cluster.operation
    return {
        "EnhancedMonitoring": "DEFAULT",
        "StorageMode": "LOCAL",
        **cluster.inputs,
        "EncryptionInfo": {**cluster.inputs.get("EncryptionInfo", {}), "EncryptionInTransit": transit(cluster.inputs)},
        "ClusterArn": cluster.arn,
        "ClusterName": cluster.name,
        "CreationTime": cluster.created,
        "CurrentVersion": cluster.version,
        "CurrentBrokerSoftwareInfo": software(cluster),
        "State": cluster.state,
        "Tags": cluster.tags,
        "ActiveOperationArn": operation.arn if operation else None,
    }


def info_v2(cluster: Cluster) -> Output:
    """ClusterInfo of DescribeClusterV2."""
    described = info(cluster)
    return {**described, "ClusterType": "PROVISIONED", "Provisioned": described}
