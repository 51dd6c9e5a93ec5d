"""MSK: the Kafka brokers for heart beats and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.components.base import Component
from infra.components.firewall import Firewall
from infra.settings import settings


@settings
class StreamConfig:
    kafka_version: str
    brokers: int
    instance_type: str
    storage_gib: int
    encryption_in_transit: Literal["TLS", "PLAINTEXT"]
    """PLAINTEXT only for a private network."""
    server_properties: Mapping[str, str]
    log_retention_days: int

    def __post_init__(self) -> None:
        if self.brokers < 2:
            raise ValueError(f"brokers is {self.brokers}; MSK needs at least one in each of two zones")
        if int(self.server_properties.get("min.insync.replicas", 1)) > self.brokers:
            raise ValueError(
                "serverProperties: min.insync.replicas is above the number of brokers, no write could succeed"
            )

    @property
    def port(self) -> int:
        return 9094 if self.encryption_in_transit == "TLS" else 9092


class Stream(Component):
    """Brokers in the given subnets; `bootstrap` is the bootstrap address for clients."""

    def __init__(
        self,
        name: str,
        vpc: pulumi.Input[str],
        subnets: Sequence[pulumi.Input[str]],
        clients: pulumi.Input[str],
        key: pulumi.Input[str],
        config: StreamConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        firewall = Firewall(name, vpc, clients, config.port, self.child())
        logs = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/msk/{name}",
            retention_in_days=config.log_retention_days,
            kms_key_id=key,
            opts=self.child(),
        )
        # Another version needs another configuration, and MSK deletes none that a cluster uses: a name for each.
        configuration = aws.msk.Configuration(
            name,
            name=f"{name}-{config.kafka_version.replace('.', '-')}",
            kafka_versions=[config.kafka_version],
            server_properties="".join(f"{k}={v}\n" for k, v in sorted(config.server_properties.items())),
            opts=self.child(),
        )
        self.cluster = aws.msk.Cluster(
            name,
            cluster_name=name,
            kafka_version=config.kafka_version,
            number_of_broker_nodes=config.brokers,
            broker_node_group_info=aws.msk.ClusterBrokerNodeGroupInfoArgs(
                instance_type=config.instance_type,
                client_subnets=list(subnets)[: config.brokers],
                security_groups=[firewall.group.id],
                storage_info=aws.msk.ClusterBrokerNodeGroupInfoStorageInfoArgs(
                    ebs_storage_info=aws.msk.ClusterBrokerNodeGroupInfoStorageInfoEbsStorageInfoArgs(
                        volume_size=config.storage_gib
                    )
                ),
            ),
            encryption_info=aws.msk.ClusterEncryptionInfoArgs(
                encryption_at_rest_kms_key_arn=key,
                encryption_in_transit=aws.msk.ClusterEncryptionInfoEncryptionInTransitArgs(
                    client_broker=config.encryption_in_transit, in_cluster=True
                ),
            ),
            configuration_info=aws.msk.ClusterConfigurationInfoArgs(
                arn=configuration.arn, revision=configuration.latest_revision
            ),
            logging_info=aws.msk.ClusterLoggingInfoArgs(
                broker_logs=aws.msk.ClusterLoggingInfoBrokerLogsArgs(
                    cloudwatch_logs=aws.msk.ClusterLoggingInfoBrokerLogsCloudwatchLogsArgs(
                        enabled=True, log_group=logs.name
                    )
                )
            ),
            opts=self.child(),
        )
        encrypted = config.encryption_in_transit == "TLS"
        self.bootstrap = self.cluster.bootstrap_brokers_tls if encrypted else self.cluster.bootstrap_brokers
        self.register_outputs({"bootstrap": self.bootstrap})
