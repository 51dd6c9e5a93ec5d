"""MSK: the Kafka brokers for heart beats and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra import generated
from infra.components.base import Component
from infra.components.firewall import Firewall
from infra.components.secrets import SecretStore, StoredSecret
from infra.pair.private_link import private_link
from infra.settings import settings

PORT = 9096
"""Of SASL/SCRAM over TLS, the only listener that the brokers have for clients."""
USER = "aura"


@settings
class StreamConfig:
    kafka_version: str
    brokers: int
    instance_type: str
    storage_gib: int
    server_properties: Mapping[str, str]
    log_retention_days: int

    def __post_init__(self) -> None:
        if self.brokers < 2:
            raise ValueError(f"brokers is {self.brokers}; MSK needs at least one in each of two zones")
        if int(self.server_properties.get("min.insync.replicas", 1)) > self.brokers:
            raise ValueError(
                "serverProperties: min.insync.replicas is above the number of brokers, no write could succeed"
            )


class Stream(Component):
    """Brokers in the given subnets, at `bootstrap` for clients that log in with `username` and `password`."""

    def __init__(
        self,
        name: str,
        vpc: pulumi.Input[str],
        subnets: Sequence[pulumi.Input[str]],
        clients: pulumi.Input[str],
        key: pulumi.Input[str],
        secrets: SecretStore,
        config: StreamConfig,
        password: pulumi.Output[str] | None = None,
        paired: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`password` is that of another region's; without one it is generated here.

        MSK Replicator reads and writes brokers that are `paired`: it knows no login but IAM's, and reaches another
        region's through PrivateLink.
        """
        super().__init__(name, opts)
        self.subnets = list(subnets)[: config.brokers]
        firewall = Firewall(name, vpc, clients, PORT, self.child())
        self.group = firewall.group
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
                client_subnets=self.subnets,
                security_groups=[firewall.group.id],
                storage_info=aws.msk.ClusterBrokerNodeGroupInfoStorageInfoArgs(
                    ebs_storage_info=aws.msk.ClusterBrokerNodeGroupInfoStorageInfoEbsStorageInfoArgs(
                        volume_size=config.storage_gib
                    )
                ),
                connectivity_info=private_link() if paired else None,
            ),
            encryption_info=aws.msk.ClusterEncryptionInfoArgs(
                encryption_at_rest_kms_key_arn=key,
                encryption_in_transit=aws.msk.ClusterEncryptionInfoEncryptionInTransitArgs(
                    client_broker="TLS", in_cluster=True
                ),
            ),
            client_authentication=aws.msk.ClusterClientAuthenticationArgs(
                sasl=aws.msk.ClusterClientAuthenticationSaslArgs(scram=True, iam=True if paired else None)
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
        self.bootstrap = self.cluster.bootstrap_brokers_sasl_scram
        self.generated = password or self._generate(secrets)
        self.username, self.password = self._login(name, secrets)
        self.register_outputs({"bootstrap": self.bootstrap})

    def _generate(self, secrets: SecretStore) -> pulumi.Output[str]:
        name = f"{self.name}-password"
        return StoredSecret(name, "kafka/password", generated.token(), secrets, once=True, opts=self.child()).value

    def _login(self, name: str, secrets: SecretStore) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """User and password, known once the brokers accept them."""
        login = pulumi.Output.json_dumps({"username": USER, "password": self.generated})
        # MSK takes secrets of this prefix only, and none that AWS's own key encrypts.
        secret = StoredSecret(f"{name}-login", f"AmazonMSK_{name}", login, secrets, prefixed=False, opts=self.child())
        accepted = aws.msk.SingleScramSecretAssociation(
            name, cluster_arn=self.cluster.arn, secret_arn=secret.arn, opts=self.child()
        )
        known = pulumi.Output.all(accepted.id, self.generated)
        return accepted.id.apply(lambda _: USER), known.apply(lambda both: both[1])
