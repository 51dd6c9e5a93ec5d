"""Node types, versions, networks and parameter groups: what must exist and fit together."""

from __future__ import annotations

from local.cloud.svc.elasticache.catalog.node_types import MEMORY, TIERED
from local.cloud.svc.elasticache.catalog.versions import FAMILY, exists
from local.cloud.svc.elasticache.rules.table import COMBINATION, CREATE, VALUE, Rule

PLACEMENT = (
    Rule(
        VALUE,
        "The node type {CacheNodeType} does not exist, or no new clusters of it are made.",
        lambda r: "CacheNodeType" in r and r["CacheNodeType"] not in (*MEMORY, *TIERED),
        "User guide, Supported node types",
    ),
    Rule(
        COMBINATION,
        "DataTieringEnabled must be true for r6gd nodes, and only for them.",
        lambda r: "CacheNodeType" in r and bool(r["DataTieringEnabled"]) != (r["CacheNodeType"] in TIERED),
        "User guide, Data tiering",
    ),
    Rule(
        VALUE,
        "A security group does not exist, of: {SecurityGroupIds}.",
        lambda r: any(id not in r.facts.security_groups for id in r["SecurityGroupIds"] or []),
        CREATE,
    ),
    Rule(
        VALUE,
        "The security groups {SecurityGroupIds} are not all in the VPC of the subnet group.",
        lambda r: r.facts.vpc is not None and any(v != r.facts.vpc for v in r.facts.security_groups.values()),
        CREATE,
    ),
    Rule(
        VALUE,
        "CacheSecurityGroupNames are of EC2-Classic; give SecurityGroupIds.",
        lambda r: bool(r["CacheSecurityGroupNames"]),
        CREATE,
    ),
    Rule(
        COMBINATION,
        f"The parameter group {{CacheParameterGroupName}} is not of the family {FAMILY} of the engine version.",
        lambda r: r.facts.family not in (None, FAMILY),
        "User guide, Parameter management",
    ),
    Rule(
        COMBINATION,
        "The parameter group {CacheParameterGroupName} is for cluster mode, which is disabled.",
        lambda r: r.facts.cluster_mode,
        "User guide, Parameter management",
    ),
)

ENGINE = (
    Rule(
        VALUE,
        "The engine of a replication group is redis or valkey, not {Engine}.",
        lambda r: not exists(r.engine(), None),
        CREATE,
    ),
    Rule(
        VALUE,
        "{Engine} {EngineVersion} is no version that ElastiCache has.",
        lambda r: not exists(r.engine(), r["EngineVersion"]),
        "User guide, Supported engines and versions",
    ),
)
