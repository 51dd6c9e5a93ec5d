"""Rules of CreateCacheCluster."""

from __future__ import annotations

from local.cloud.svc.elasticache.catalog import versions
from local.cloud.svc.elasticache.rules.names import COMMON, TAGS, is_identifier
from local.cloud.svc.elasticache.rules.placement import PLACEMENT
from local.cloud.svc.elasticache.rules.table import COMBINATION, VALUE, Rule

_CREATE = "API reference, CreateCacheCluster"

RULES = (
    Rule(
        VALUE,
        "CacheClusterId {CacheClusterId}: 1 to 50 letters, digits and single hyphens, a letter first.",
        lambda r: not is_identifier(r["CacheClusterId"], 50),
        _CREATE,
    ),
    Rule(
        VALUE,
        "The engine of a cache cluster is redis, valkey or memcached, not {Engine}.",
        lambda r: r["Engine"] not in ("redis", "valkey", "memcached"),
        _CREATE,
    ),
    Rule(
        VALUE,
        "{Engine} {EngineVersion} is no version that ElastiCache has.",
        lambda r: r["Engine"] != "memcached" and not versions.exists(r["Engine"], r["EngineVersion"]),
        "User guide, Supported engines and versions",
    ),
    Rule(VALUE, "The parameter CacheNodeType must be given.", lambda r: "CacheNodeType" not in r, _CREATE),
    Rule(
        VALUE,
        "NumCacheNodes is {NumCacheNodes}; a cluster of Redis has 1 node.",
        lambda r: r["Engine"] != "memcached" and r["NumCacheNodes"] not in (None, 1),
        _CREATE,
    ),
    Rule(
        COMBINATION,
        "AZMode cross-az needs more than one node.",
        lambda r: r["AZMode"] == "cross-az" and (r["NumCacheNodes"] or 1) == 1,
        _CREATE,
    ),
    Rule(
        VALUE,
        "The zone {PreferredAvailabilityZone} is not one of the subnet group's, or not of this region.",
        lambda r: "PreferredAvailabilityZone" in r and r["PreferredAvailabilityZone"] not in r.facts.zones,
        _CREATE,
    ),
    Rule(
        VALUE,
        "Port is {Port}; it must be 1 to 65535.",
        lambda r: "Port" in r and not 1 <= r["Port"] <= 65535,
        _CREATE,
    ),
    *PLACEMENT,
    *COMMON,
    *TAGS,
)
MISSING = {
    "SnapshotArns": "restoring from files in S3",
    "OutpostMode": "Outposts",
    "LogDeliveryConfigurations": "delivering Redis logs",
    "DataTieringEnabled": "node types with SSD",
}
