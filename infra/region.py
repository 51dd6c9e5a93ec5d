"""One region of the platform: its components and how they are connected."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from contracts import platform as names
from infra.components.base import Component
from infra.components.cache import Cache
from infra.components.charts import Facts
from infra.components.cluster import Cluster
from infra.components.controllers import Controllers
from infra.components.database import Database
from infra.components.key import Key, ServiceUser
from infra.components.media import Media
from infra.components.network import Network
from infra.components.platform import Platform
from infra.components.roles import ServiceAccountRole
from infra.components.secrets import PlatformSecrets
from infra.components.stream import Stream
from infra.components.zone import Zone
from infra.region_config import RegionConfig

OPERATORS = f"{names.NAMESPACE}:operators"
"""The operators' ServiceAccount."""


class Region(Component):
    """`name` prefixes all resources, as in "aura-us-west-2"; `provider` determines the region."""

    def __init__(
        self,
        region: str,
        account: pulumi.Input[str],
        zone: Zone,
        token_issuer: str,
        endpoint: str,
        config: RegionConfig,
        provider: aws.Provider,
    ) -> None:
        """`endpoint` is the AWS endpoint for the Pods, "" for the default."""
        name = f"aura-{region}"
        super().__init__(name, pulumi.ResourceOptions(providers=[provider]))
        inside = self.child()
        self.account, self.region, self.config = account, region, config
        network = Network(name, region, config.network, inside)
        cluster_key = self._key("cluster", "Kubernetes secrets and the cluster's logs", _logs(region, account))
        data_key = self._key("data", "databases, streams and caches", _logs(region, account))
        secrets_key = self._key("secrets", "secrets")
        media_key = self._key("media", "content", _cloudfront(account))
        self.cluster = Cluster(name, network.private_ids, cluster_key.arn, config.cluster, inside)
        store = (network.vpc.id, network.data_ids, self.cluster.client_group, data_key.arn)
        self.databases = {
            database: Database(f"{name}-{database}", database, *store, secrets_key.arn, of, config.secrets, inside)
            for database, of in config.databases.items()
        }
        self.stream = Stream(f"{name}-stream", *store, secrets_key.arn, config.stream, config.secrets, inside)
        self.cache = Cache(f"{name}-cache", *store, secrets_key.arn, config.cache, config.secrets, inside)
        bucket = f"{name}-media-{zone.domain.replace('.', '-')}"
        self.media = Media(f"{name}-media", bucket, media_key.arn, zone, config.media, inside)
        PlatformSecrets(f"{name}-secrets", secrets_key.arn, config.secrets, inside)
        self.operators = self._operators(name, secrets_key)
        public: dict[str, pulumi.Input[str]] = {
            names.AWS_REGION: region,
            names.KAFKA_BOOTSTRAP: self.stream.bootstrap,
            names.KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
            names.KAFKA_USERNAME: self.stream.username,
            names.MEDIA_BUCKET: self.media.bucket.bucket,
            names.TOKEN_ISSUER: token_issuer,
            **({names.AWS_ENDPOINT_URL: endpoint} if endpoint else {}),
        }
        secret: dict[str, pulumi.Input[str]] = {
            names.KAFKA_PASSWORD: self.stream.password,
            names.REDIS_URL: self.cache.url,
        }
        after_nodes = self.child(depends_on=self.cluster.node_groups)
        self.platform = Platform(name, region, self.cluster.cluster, public, secret, after_nodes)
        ready = [*self.cluster.node_groups, self.cluster.addons, self.platform]
        facts = Facts(name, region, zone.domain, config.controllers)
        with_kubernetes = self.child(provider=self.platform.provider, depends_on=ready)
        Controllers(f"{name}-controllers", facts, zone.id, with_kubernetes)
        self.register_outputs({})

    def outputs(self) -> dict[str, pulumi.Input[object]]:
        """Stack outputs for users and runbooks."""
        return {
            "cluster": self.cluster.cluster.name,
            "clusterEndpoint": self.cluster.cluster.endpoint,
            "databases": {name: database.endpoint for name, database in self.databases.items()},
            "kafka": self.stream.bootstrap,
            "redis": self.cache.endpoint,
            "mediaBucket": self.media.bucket.bucket,
            "mediaHost": self.media.distribution.domain_name,
            "operatorsRole": self.operators.arn,
        }

    def _key(self, noun: str, purpose: str, *users: ServiceUser) -> Key:
        return Key(f"{self.name}-{noun}", purpose, self.account, self.config.keys, users, self.child())

    def _operators(self, name: str, secrets_key: Key) -> ServiceAccountRole:
        """The operators' role: they read the secrets that custom resources name, and the databases' credentials."""
        secrets = pulumi.Output.format("arn:aws:secretsmanager:{0}:{1}:secret:*", self.region, self.account)
        read = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
        statements: list[dict[str, object]] = [
            {"Effect": "Allow", "Action": read, "Resource": secrets},
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": secrets_key.arn},
        ]
        return ServiceAccountRole(
            f"{name}-operators", self.cluster.cluster.name, OPERATORS, statements, opts=self.child()
        )


def _logs(region: str, account: pulumi.Input[str]) -> ServiceUser:
    groups = pulumi.Output.format("arn:aws:logs:{0}:{1}:log-group:*", region, account)
    return ServiceUser(f"logs.{region}.amazonaws.com", "kms:EncryptionContext:aws:logs:arn", groups)


def _cloudfront(account: pulumi.Input[str]) -> ServiceUser:
    distributions = pulumi.Output.format("arn:aws:cloudfront::{0}:distribution/*", account)
    return ServiceUser("cloudfront.amazonaws.com", "aws:SourceArn", distributions)
