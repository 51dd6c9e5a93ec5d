"""Configuration of one region."""

from __future__ import annotations

from collections.abc import Mapping

from infra.components.access_logs import AccessLogsConfig
from infra.components.backups import BackupsConfig
from infra.components.cache import CacheConfig
from infra.components.charts import ControllersConfig
from infra.components.cluster import ClusterConfig
from infra.components.database import DatabaseConfig
from infra.components.key import KeyConfig
from infra.components.media import MediaConfig
from infra.components.network import NetworkConfig
from infra.components.search import SearchConfig
from infra.components.secrets import SecretsConfig
from infra.components.stream import StreamConfig
from infra.components.stream_state import StreamStateConfig
from infra.settings import settings


@settings
class RegionConfig:
    network: NetworkConfig
    keys: KeyConfig
    cluster: ClusterConfig
    controllers: ControllersConfig
    databases: Mapping[str, DatabaseConfig]
    stream: StreamConfig
    cache: CacheConfig
    search: SearchConfig
    media: MediaConfig
    backups: BackupsConfig
    stream_state: StreamStateConfig
    access_logs: AccessLogsConfig
    secrets: SecretsConfig

    def __post_init__(self) -> None:
        self.search.check(len(self.network.zones))


_LEAST_BROKERS = {2: 4, 3: 3}
"""Of a cluster that MSK Replicator reads or writes, by its zones (MSK Developer Guide, supported configurations of MSK
Replicator)."""


def replicable(name: str, config: RegionConfig) -> None:
    """Raises ValueError where AWS replicates none of what this region would have."""
    if config.cache.node_type.startswith("cache.t"):
        raise ValueError(
            f"regions.{name}.cache.nodeType is {config.cache.node_type}; a global datastore has no T nodes"
        )
    zones = len(config.network.zones)
    if config.stream.brokers < (least := _LEAST_BROKERS.get(zones, max(_LEAST_BROKERS))):
        where = f"regions.{name}.stream.brokers is {config.stream.brokers}"
        raise ValueError(f"{where}; MSK Replicator needs {least} or more in {zones} zones")
    if config.stream.instance_type == "kafka.t3.small":
        raise ValueError(f"regions.{name}.stream.instanceType is kafka.t3.small, to which MSK Replicator can't connect")
