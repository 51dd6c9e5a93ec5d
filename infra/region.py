"""One region of the platform: its components and how they are connected.

The regions of a pair need each other's keys, passwords and stores, and not always in one direction. So a region is made
in steps, each for both of them before the next one.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from contracts import platform as names
from contracts.pair import replicator
from infra import generated
from infra.components.access_logs import AccessLogs
from infra.components.backups import Backups
from infra.components.base import Component
from infra.components.charts import Facts
from infra.components.cluster import Cluster
from infra.components.controller_roles import ControllerRoles
from infra.components.controllers import Controllers
from infra.components.media import Distribution, Media
from infra.components.network import Network
from infra.components.platform import Platform
from infra.components.search import USER as SEARCH_USER
from infra.components.search import Search
from infra.components.secrets import PlatformSecrets, SecretStore, StoredSecret
from infra.components.stream_state import StreamState
from infra.components.volumes import Volumes
from infra.components.zone import Zone
from infra.config import StackConfig
from infra.keys import Keys
from infra.operators_role import operators_role
from infra.region_config import RegionConfig
from infra.stores import Stores


class Region(Component):
    """`name` prefixes all resources, as in "aura-us-west-2"; `provider` determines the region.

    The steps: `keep` (its stores and buckets), then `start` of the stores, `publish`, `run`.
    """

    def __init__(
        self, region: str, stack: StackConfig, zone: Zone, provider: aws.Provider, home: Region | None = None
    ) -> None:
        """`home` is the region of the primary keys and secrets, None for that one itself."""
        name = names.region_prefix(region)
        super().__init__(name, pulumi.ResourceOptions(providers=[provider]))
        self.region, self.stack, self.zone, self.provider, self.home = region, stack, zone, provider, home
        self.config: RegionConfig = stack.regions[region]
        self.paired = stack.pair.passive is not None
        config, inside = self.config, self.child()
        self._suffix = zone.domain.replace(".", "-")  # names of buckets are unique in the world
        self.logs = AccessLogs(f"{name}-logs", f"{name}-logs-{self._suffix}", stack.account, config.access_logs, inside)
        self.network = Network(name, region, config.network, inside)
        self.logs.of_network(self.network, name, self.network.vpc.id)
        self.keys = Keys(self, name, region, stack.account, config.keys, self.paired, home.keys if home else None)
        Volumes(f"{name}-volumes", self.keys.volumes, inside)
        self.cluster = Cluster(
            name, self.network.private_ids, self.keys.cluster, self.keys.volumes, config.cluster, inside
        )

    def keep(self, other: Region | None) -> None:
        """What holds data: secrets, stores that are not started yet, buckets. `other` is the other region of a pair."""
        name, config, inside = self.name, self.config, self.child()
        prefix = names.secrets_prefix(pulumi.get_stack())
        replicas = {other.region: other.keys.secrets} if other and not self.home else {}
        self.secrets = SecretStore(prefix, self.keys.secrets, config.secrets, replicas)
        store = (self.network.vpc.id, self.network.data_ids, self.cluster.client_group, self.keys.data, self.secrets)
        self.stores = Stores(self, name, store, config, self.paired, self.home.stores if self.home else None)
        search, account = f"{name}-search", self.stack.account
        domain = f"arn:aws:es:{self.region}:{account}:domain/{search}"
        password = self.home.search.password if self.home else None
        self.search = Search(search, domain, *store, config.search, password, inside)
        media = f"{name}-media-{self._suffix}"
        self.media = Media(f"{name}-media", media, self.keys.media, self.logs, config.media, inside)
        backups = f"{name}-backups-{self._suffix}"
        self.backups = Backups(f"{name}-backups", backups, self.keys.backups, self.logs, config.backups, inside)
        state, bucket = f"{name}-stream-state", f"{name}-stream-state-{self._suffix}"
        cluster, streams = self.cluster.cluster.name, [f"{names.NAMESPACE}:{stream}" for stream in names.STREAMS]
        self.state = StreamState(
            state, bucket, self.keys.data, self.logs, cluster, streams, config.stream_state, inside
        )
        self.timeseries_password: pulumi.Output[str] = (
            self.home.timeseries_password
            if self.home
            else StoredSecret(
                f"{name}-timeseries-password",
                "timeseries/password",
                generated.token(),
                self.secrets,
                once=True,
                opts=inside,
            ).value
        )
        self.media_key: pulumi.Output[str] = (
            self.home.media_key if self.home else PlatformSecrets(f"{name}-secrets", self.secrets, inside).media_key
        )

    def run(self, endpoint: str, media: Distribution, witness: pulumi.Input[str] | None) -> None:
        """The cluster's configuration and controllers. `endpoint` is the AWS endpoint for Pods, "" the default;
        `witness` the bucket of the lease, None without a passive region."""
        name, cluster, zone = self.name, self.cluster.cluster, self.zone
        roles = ControllerRoles(name, cluster, zone, self.backups, self.keys.backups, self.child())
        self.operators = operators_role(
            self, self.region, self.stack.account, cluster.name, self.secrets, self.state.bucket.arn
        )
        self.media.uploaded_by(cluster.name, f"{names.NAMESPACE}:content", self.keys.media)
        after_nodes = self.child(depends_on=self.cluster.node_groups)
        self.platform = Platform(
            name, self.region, cluster, self._public(endpoint, media, witness), self._secret(), after_nodes
        )
        ready = [*self.cluster.node_groups, self.cluster.addons, roles, self.state, self.platform]
        own = f"{self.region}.{zone.domain}" if self.paired else ""
        facts = Facts(name, self.region, zone.domain, self.config.controllers, own)
        with_kubernetes = self.child(provider=self.platform.provider, depends_on=ready)
        Controllers(f"{name}-controllers", facts, zone.id, with_kubernetes)
        self.register_outputs({})

    def _public(
        self, endpoint: str, media: Distribution, witness: pulumi.Input[str] | None
    ) -> dict[str, pulumi.Input[str]]:
        return {
            names.AWS_REGION: self.region,
            names.KAFKA_BOOTSTRAP: self.stores.stream.bootstrap,
            names.KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
            names.KAFKA_USERNAME: self.stores.stream.username,
            names.OPENSEARCH_URL: self.search.url,
            names.OPENSEARCH_USERNAME: SEARCH_USER,
            names.MEDIA_BUCKET: self.media.bucket.bucket,
            names.MEDIA_URL: media.url,
            names.MEDIA_KEY_ID: media.key_id,
            names.STATE_BUCKET: self.state.bucket.bucket,
            names.TOKEN_ISSUER: self.stack.token_issuer,
            names.SECRETS_PREFIX: self.secrets.prefix,
            names.REGION_ROLE: self.stack.pair.role(self.region).value,
            **({names.AWS_ENDPOINT_URL: endpoint} if endpoint else {}),
            **(self._of_the_pair(witness) if witness else {}),
        }

    def _of_the_pair(self, witness: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
        other = self.stack.pair.other(self.region)
        assert other is not None, "there is a witness without a passive region"
        return {
            names.WITNESS_BUCKET: witness,
            names.WITNESS_REGION: self.stack.pair.witness,
            names.REPLICATOR: replicator(other, self.region),
        }

    def _secret(self) -> dict[str, pulumi.Input[str]]:
        return {
            names.KAFKA_PASSWORD: self.stores.stream.password,
            names.REDIS_URL: self.stores.cache.url,
            names.OPENSEARCH_PASSWORD: self.search.password,
            names.TIMESERIES_PASSWORD: self.timeseries_password,
        }

    def outputs(self, distribution: aws.cloudfront.Distribution) -> dict[str, pulumi.Input[object]]:
        """Stack outputs for users and runbooks."""
        return {
            "cluster": self.cluster.cluster.name,
            "clusterEndpoint": self.cluster.cluster.endpoint,
            "databases": {name: database.endpoint for name, database in self.stores.databases.items()},
            "kafka": self.stores.stream.bootstrap,
            "redis": self.stores.cache.endpoint,
            "opensearch": self.search.endpoint,
            "mediaBucket": self.media.bucket.bucket,
            "backupBucket": self.backups.bucket.bucket,
            "mediaHost": distribution.domain_name,
            "operatorsRole": self.operators.arn,
        }
