"""One region of the platform: its components and how they are connected."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from contracts import platform as names
from infra.components.base import Component
from infra.components.cache import Cache
from infra.components.cluster import Cluster
from infra.components.database import Database
from infra.components.key import Key, ServiceUser
from infra.components.media import Media
from infra.components.network import Network
from infra.components.platform import Platform
from infra.components.roles import ServiceAccountRole
from infra.components.secrets import PlatformSecrets, SecretStore
from infra.components.stream import Stream
from infra.components.zone import Zone
from infra.config import StackConfig
from infra.region_config import RegionConfig

OPERATORS = f"{names.NAMESPACE}:operators"
"""The operators' ServiceAccount."""


class Region(Component):
    """`name` prefixes all resources, as in "aura-us-west-2"; `provider` determines the region."""

    def __init__(
        self,
        region: str,
        stack: StackConfig,
        zone: Zone,
        endpoint: str,
        config: RegionConfig,
        provider: aws.Provider,
    ) -> None:
        """`endpoint` is the AWS endpoint for the Pods, "" for the default."""
        name = f"aura-{region}"
        super().__init__(name, pulumi.ResourceOptions(providers=[provider]))
        inside = self.child()
        account = stack.account
        self.account, self.region, self.config = account, region, config
        network = Network(name, region, config.network, inside)
        cluster_key = self._key("cluster", "Kubernetes secrets and the cluster's logs", _logs(region, account))
        data_key = self._key("data", "databases, streams and caches", _logs(region, account))
        secrets_key = self._key("secrets", "secrets")
        media_key = self._key("media", "content", _cloudfront(account))
        self.cluster = Cluster(name, network.private_ids, cluster_key.arn, config.cluster, inside)
        self.secrets = SecretStore(names.secrets_prefix(pulumi.get_stack()), secrets_key.arn, config.secrets)
        store = (network.vpc.id, network.data_ids, self.cluster.client_group, data_key.arn, self.secrets)
        self.databases = {
            database: Database(f"{name}-{database}", database, *store, of, inside)
            for database, of in config.databases.items()
        }
        self.stream = Stream(f"{name}-stream", *store, config.stream, inside)
        self.cache = Cache(f"{name}-cache", *store, config.cache, inside)
        bucket = f"{name}-media-{zone.domain.replace('.', '-')}"
        self.media = Media(f"{name}-media", bucket, media_key.arn, zone, config.media, inside)
        PlatformSecrets(f"{name}-secrets", self.secrets, inside)
        self.operators = self._operators(name)
        public: dict[str, pulumi.Input[str]] = {
            names.AWS_REGION: region,
            names.KAFKA_BOOTSTRAP: self.stream.bootstrap,
            names.KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
            names.KAFKA_USERNAME: self.stream.username,
            names.MEDIA_BUCKET: self.media.bucket.bucket,
            names.TOKEN_ISSUER: stack.token_issuer,
            names.SECRETS_PREFIX: self.secrets.prefix,
            **({names.AWS_ENDPOINT_URL: endpoint} if endpoint else {}),
        }
        secret: dict[str, pulumi.Input[str]] = {
            names.KAFKA_PASSWORD: self.stream.password,
            names.REDIS_URL: self.cache.url,
        }
        after_nodes = self.child(depends_on=self.cluster.node_groups)
        self.platform = Platform(name, region, self.cluster.cluster, public, secret, after_nodes)
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

    def _operators(self, name: str) -> ServiceAccountRole:
        """The operators' role: they read the stack's secrets, for custom resources and for the databases."""
        secrets = f"arn:aws:secretsmanager:{self.region}:{self.account}:secret:{self.secrets.prefix}*"
        read = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
        statements: list[dict[str, object]] = [
            {"Effect": "Allow", "Action": read, "Resource": secrets},
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": self.secrets.key},
        ]
        return ServiceAccountRole(
            f"{name}-operators", self.cluster.cluster.name, OPERATORS, statements, opts=self.child()
        )


def _logs(region: str, account: str) -> ServiceUser:
    groups = f"arn:aws:logs:{region}:{account}:log-group:*"
    return ServiceUser(f"logs.{region}.amazonaws.com", "kms:EncryptionContext:aws:logs:arn", groups)


def _cloudfront(account: str) -> ServiceUser:
    distributions = f"arn:aws:cloudfront::{account}:distribution/*"
    return ServiceUser("cloudfront.amazonaws.com", "aws:SourceArn", distributions)
