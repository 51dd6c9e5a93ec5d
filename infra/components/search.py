"""OpenSearch: the index in which people search the catalogue. The database can fill it anew at any time."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra import generated
from infra.components.base import Component
from infra.components.firewall import Firewall
from infra.components.secrets import SecretStore, StoredSecret
from infra.settings import settings

PORT = 443
USER = "aura"
TLS = "Policy-Min-TLS-1-2-PFS-2023-10"
"""The strictest that OpenSearch Service has: TLS 1.2 with forward secrecy, and 1.3. None is TLS 1.3 alone.
https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DomainEndpointOptions.html"""
_LOGS = {
    "audit": "AUDIT_LOGS",
    "application": "ES_APPLICATION_LOGS",
    "slow-writes": "INDEX_SLOW_LOGS",
    "slow-searches": "SEARCH_SLOW_LOGS",
}
_REQUESTS = [f"es:ESHttp{verb}" for verb in ("Delete", "Get", "Head", "Post", "Put")]
_WRITE = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:PutLogEventsBatch"]


@settings
class SearchConfig:
    engine_version: str
    """Such as OpenSearch_2.19."""
    instance_type: str
    nodes: int
    """An even number in two zones, three or more in three."""
    storage_gib: int
    """Of each node."""
    log_retention_days: int

    def __post_init__(self) -> None:
        if not 1 <= self.nodes <= 80:
            raise ValueError(f"nodes is {self.nodes}; a domain has 1 to 80")

    def check(self, zones: int) -> None:
        """Raises ValueError for nodes that AWS does not spread over so many zones.

        https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-multiaz.html
        """
        if zones > 3 or self.nodes < zones or (zones == 2 and self.nodes % 2):
            raise ValueError(
                f"search.nodes is {self.nodes} in {zones} zones; AWS takes an even number in two, 3 or more in three"
            )


class Search(Component):
    """A domain in the given subnets, one a zone, at `url` for clients that log in with USER and `password`.

    Who has the password may do everything in it. Requests with a password carry no signature of IAM's, so that its
    policy has to admit everyone who reaches it: the nodes of the cluster.
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/fgac.html#fgac-recommendations
    """

    def __init__(
        self,
        name: str,
        domain: str,
        vpc: pulumi.Input[str],
        subnets: Sequence[pulumi.Input[str]],
        clients: pulumi.Input[str],
        key: pulumi.Input[str],
        secrets: SecretStore,
        config: SearchConfig,
        password: pulumi.Output[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`domain` is the ARN that it gets; `password` is that of another region's, without one it is generated."""
        super().__init__(name, opts)
        self.password = (
            password
            or StoredSecret(
                f"{name}-password",
                "opensearch/password",
                generated.password(),
                secrets,
                once=True,
                opts=self.child(),
            ).value
        )
        firewall = Firewall(name, vpc, clients, PORT, self.child())
        logs = self._logs(key, config.log_retention_days)
        self.domain = aws.opensearch.Domain(
            name,
            domain_name=name,
            engine_version=config.engine_version,
            cluster_config=_cluster(config, len(subnets)),
            ebs_options=aws.opensearch.DomainEbsOptionsArgs(
                ebs_enabled=True, volume_type="gp3", volume_size=config.storage_gib
            ),
            vpc_options=aws.opensearch.DomainVpcOptionsArgs(
                subnet_ids=list(subnets), security_group_ids=[firewall.group.id]
            ),
            encrypt_at_rest=aws.opensearch.DomainEncryptAtRestArgs(enabled=True, kms_key_id=key),
            node_to_node_encryption=aws.opensearch.DomainNodeToNodeEncryptionArgs(enabled=True),
            domain_endpoint_options=aws.opensearch.DomainDomainEndpointOptionsArgs(
                enforce_https=True, tls_security_policy=TLS
            ),
            advanced_security_options=aws.opensearch.DomainAdvancedSecurityOptionsArgs(
                enabled=True,
                internal_user_database_enabled=True,
                master_user_options=aws.opensearch.DomainAdvancedSecurityOptionsMasterUserOptionsArgs(
                    master_user_name=USER, master_user_password=self.password
                ),
            ),
            access_policies=pulumi.Output.json_dumps(_admitting(domain)),
            log_publishing_options=[
                aws.opensearch.DomainLogPublishingOptionArgs(log_type=_LOGS[noun], cloudwatch_log_group_arn=group.arn)
                for noun, group in logs.groups.items()
            ],
            opts=self.child(depends_on=[logs.writable]),
        )
        self.endpoint = self.domain.endpoint
        self.url = pulumi.Output.format("https://{0}", self.endpoint)
        self.register_outputs({"endpoint": self.endpoint})

    def _logs(self, key: pulumi.Input[str], days: int) -> _Logs:
        return _Logs(f"{self.name}-logs", self.name, key, days, self.child())


class _Logs(Component):
    """A log group a kind of log, to which OpenSearch Service may write."""

    def __init__(self, name: str, of: str, key: pulumi.Input[str], days: int, opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        self.groups = {
            noun: aws.cloudwatch.LogGroup(
                f"{of}-{noun}",
                name=f"/aws/opensearch/{of}/{noun}",
                retention_in_days=days,
                kms_key_id=key,
                opts=self.child(),
            )
            for noun in _LOGS
        }
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "es.amazonaws.com"},
            "Action": _WRITE,
            "Resource": [pulumi.Output.format("{0}:*", group.arn) for group in self.groups.values()],
        }
        document = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.writable = aws.cloudwatch.LogResourcePolicy(
            of, policy_name=of, policy_document=document, opts=self.child()
        )
        self.register_outputs({})


def _cluster(config: SearchConfig, zones: int) -> aws.opensearch.DomainClusterConfigArgs:
    aware = aws.opensearch.DomainClusterConfigZoneAwarenessConfigArgs(availability_zone_count=zones)
    return aws.opensearch.DomainClusterConfigArgs(
        instance_type=config.instance_type,
        instance_count=config.nodes,
        zone_awareness_enabled=zones > 1,
        zone_awareness_config=aware if zones > 1 else None,
    )


def _admitting(domain: str) -> dict[str, object]:
    everyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": _REQUESTS, "Resource": f"{domain}/*"}
    return {"Version": "2012-10-17", "Statement": [everyone]}
