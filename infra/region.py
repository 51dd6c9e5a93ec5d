"""One region of the platform: its components and how they are connected."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from contracts import platform as names
from infra.components.access_logs import AccessLogs
from infra.components.backups import Backups
from infra.components.base import Component
from infra.components.cache import Cache
from infra.components.charts import Facts
from infra.components.cluster import Cluster
from infra.components.controller_roles import ControllerRoles
from infra.components.controllers import Controllers
from infra.components.database import Database
from infra.components.key import Key, ServiceUser
from infra.components.media import Media
from infra.components.network import Network
from infra.components.platform import Platform
from infra.components.roles import ServiceAccountRole
from infra.components.secrets import PlatformSecrets, SecretStore
from infra.components.stream import Stream
from infra.components.stream_state import StreamState
from infra.components.volumes import Volumes
from infra.components.zone import Zone
from infra.config import StackConfig
from infra.region_config import RegionConfig

OPERATORS = f"{names.NAMESPACE}:operators"
"""The operators' ServiceAccount."""
STREAMS = (f"{names.NAMESPACE}:bio-sync",)
"""Those of the BioStreams in manifests/base."""


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
        domain = zone.domain.replace(".", "-")  # names of buckets are unique in the world
        logs = AccessLogs(f"{name}-logs", f"{name}-logs-{domain}", account, config.access_logs, inside)
        network = Network(name, region, config.network, inside)
        logs.of_network(network, name, network.vpc.id)
        cluster_key = self._key("cluster", "Kubernetes secrets and the cluster's logs", _logs(region, account))
        data_key = self._key("data", "databases, streams and caches", _logs(region, account))
        secrets_key = self._key("secrets", "secrets")
        media_key = self._key("media", "content", _cloudfront(account))
        volumes_key = self._key("volumes", "disks of nodes and Pods", launcher=_autoscaling(account))
        Volumes(f"{name}-volumes", volumes_key.arn, inside)
        self.cluster = Cluster(name, network.private_ids, cluster_key.arn, volumes_key.arn, config.cluster, inside)
        self.secrets = SecretStore(names.secrets_prefix(pulumi.get_stack()), secrets_key.arn, config.secrets)
        store = (network.vpc.id, network.data_ids, self.cluster.client_group, data_key.arn, self.secrets)
        self.databases = {
            database: Database(f"{name}-{database}", database, *store, of, inside)
            for database, of in config.databases.items()
        }
        self.stream = Stream(f"{name}-stream", *store, config.stream, inside)
        self.cache = Cache(f"{name}-cache", *store, config.cache, inside)
        self.media = Media(f"{name}-media", f"{name}-media-{domain}", media_key.arn, zone, logs, config.media, inside)
        backups_key = self._key("backups", "backups of the time-series store").arn
        self.backups = Backups(f"{name}-backups", f"{name}-backups-{domain}", backups_key, logs, config.backups, inside)
        state, state_bucket = f"{name}-stream-state", f"{name}-stream-state-{domain}"
        cluster = self.cluster.cluster.name
        self.state = StreamState(state, state_bucket, data_key.arn, logs, cluster, STREAMS, config.stream_state, inside)
        roles = ControllerRoles(name, self.cluster.cluster, zone, self.backups, backups_key, inside)
        PlatformSecrets(f"{name}-secrets", self.secrets, inside)
        self.operators = self._operators(name)
        public: dict[str, pulumi.Input[str]] = {
            names.AWS_REGION: region,
            names.KAFKA_BOOTSTRAP: self.stream.bootstrap,
            names.KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
            names.KAFKA_USERNAME: self.stream.username,
            names.MEDIA_BUCKET: self.media.bucket.bucket,
            names.STATE_BUCKET: self.state.bucket.bucket,
            names.TOKEN_ISSUER: stack.token_issuer,
            names.SECRETS_PREFIX: self.secrets.prefix,
            names.REGION_ROLE: names.RegionRole.ACTIVE.value,  # a stack has one region, which serves
            **({names.AWS_ENDPOINT_URL: endpoint} if endpoint else {}),
        }
        secret: dict[str, pulumi.Input[str]] = {
            names.KAFKA_PASSWORD: self.stream.password,
            names.REDIS_URL: self.cache.url,
        }
        after_nodes = self.child(depends_on=self.cluster.node_groups)
        self.platform = Platform(name, region, self.cluster.cluster, public, secret, after_nodes)
        ready = [*self.cluster.node_groups, self.cluster.addons, roles, self.state, self.platform]
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
            "stateBucket": self.state.bucket.bucket,
            "backupBucket": self.backups.bucket.bucket,
            "mediaHost": self.media.distribution.domain_name,
            "operatorsRole": self.operators.arn,
        }

    def _key(self, noun: str, purpose: str, *users: ServiceUser, launcher: str = "") -> Key:
        return Key(f"{self.name}-{noun}", purpose, self.account, self.config.keys, users, launcher, self.child())

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


def _autoscaling(account: str) -> str:
    """The role of Amazon EC2 Auto Scaling, which starts the nodes of managed node groups."""
    return f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def _logs(region: str, account: str) -> ServiceUser:
    groups = f"arn:aws:logs:{region}:{account}:log-group:*"
    return ServiceUser(f"logs.{region}.amazonaws.com", "kms:EncryptionContext:aws:logs:arn", groups)


def _cloudfront(account: str) -> ServiceUser:
    distributions = f"arn:aws:cloudfront::{account}:distribution/*"
    return ServiceUser("cloudfront.amazonaws.com", "aws:SourceArn", distributions)
