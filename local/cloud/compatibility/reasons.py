"""Why an operation is refused: by what its name says, the first that fits."""

from __future__ import annotations

import re

REASONS: dict[str, tuple[tuple[str, str], ...]] = {
    "rds": (
        ("Proxy|ProxyTarget", "RDS Proxy: nothing pools connections in front of an instance"),
        (
            "ShardGroup|Cluster|HttpEndpoint|ServerlessV2|Backtrack",
            "Aurora, and clusters of other kinds: an instance is one PostgreSQL server",
        ),
        ("ActivityStream", "activity streams, which RDS has for Aurora, Oracle and SQL Server"),
        ("OptionGroup", "option groups, which PostgreSQL has no options for"),
        ("DBSecurityGroup", "DB security groups, which were those of EC2-Classic"),
        (
            "Subscription|EventCategories",
            "event subscriptions: nothing publishes events to SNS; DescribeEvents has them",
        ),
        ("BlueGreen", "blue/green deployments"),
        ("CustomDBEngineVersion", "RDS Custom"),
        ("Integration", "zero-ETL integrations: there is no Redshift"),
        ("TenantDatabase", "tenant databases, which are Oracle's"),
        ("Reserved|CapacityReservation", "reservations: nothing is billed"),
        (
            "RoleToDBInstance|RoleFromDBInstance",
            "roles of instances: PostgreSQL's extensions for AWS are not installed",
        ),
        ("ExportTask", "exports of snapshots to S3"),
        ("FromS3", "backups of MySQL in S3"),
        ("PendingMaintenanceAction", "maintenance by AWS: there is none that could be put off"),
        ("Certificates", "another authority than the one that all instances have"),
        ("Recommendation", "recommendations: nothing watches how instances are used"),
        ("AccountAttributes", "quotas of an account: none are counted"),
        (
            "ModificationS|MajorEngineVersions|ValidDBInstanceModifications",
            "catalogues that the program does not ask for",
        ),
    ),
    "kafka": (
        ("Topic", "topics by way of AWS's API: Kafka's own has them"),
        ("Channel", "channels"),
        ("VpcConnection", "private connections from other VPCs: there is one network"),
        ("Rebalancing", "rebalancing, which is for Express brokers"),
    ),
    "elasticache": (
        ("CacheSecurityGroup", "cache security groups, which were those of EC2-Classic"),
        ("Serverless", "serverless caches: a cache is a Redis server a node"),
        ("User", "users of Redis: a cache has an AUTH token"),
        ("Reserved", "reservations: nothing is billed"),
        ("UpdateAction", "service updates: there are none to apply"),
        ("Migration", "migrations from a Redis of one's own"),
        ("NodeGroup|Slots|ShardConfiguration", "cluster mode: a replication group has one node group"),
        ("ModifyCacheCluster", "changing a cache cluster: ModifyReplicationGroup changes groups"),
    ),
    "opensearch": (
        ("Connection", "connections between domains"),
        ("Vpc", "VPC endpoints: a domain has addresses in its own VPC"),
        ("Package", "packages: the engine has its own plug-ins and dictionaries"),
        ("DataSource", "data sources outside a domain"),
        ("Reserved", "reservations: nothing is billed"),
        ("Index|Insight", "indices by way of AWS's API: OpenSearch's own has them"),
        ("Application|Capability|DefaultApplicationSetting", "applications of OpenSearch UI"),
        ("Replication", "replication between domains"),
        ("Migration|Clone", "migrations and clones of domains"),
        (
            "Upgrade|SoftwareUpdate|ScheduledAction|Maintenance|AutoTune|DomainConfigChange|DryRun|ChangeProgress",
            "upgrades and maintenance by AWS: one version of the engine is installed, and a change is made at once",
        ),
        ("DomainHealth|DomainNodes|CompareDomain", "the state of nodes by way of AWS's API: OpenSearch's own has it"),
        ("InstanceType", "catalogues that the program does not ask for"),
    ),
    "eks": (
        ("CertificateAuthorit", "certificate authorities of one's own"),
        ("IdentityProviderConfig", "identity providers: an access entry lets a principal in"),
        ("Capabilit", "capabilities, which AWS runs beside a cluster"),
        ("Anywhere", "EKS Anywhere"),
        ("Fargate", "Fargate: a Pod runs on a node"),
        ("RegisterCluster|DeregisterCluster", "clusters that are not EKS's"),
        ("Insights", "insights: nothing looks for them"),
        ("CancelUpdate", "cancelling an update: one is over soon"),
    ),
}
"""By service: an expression that the operation's name has, and what AWS can do and this endpoint cannot."""


def why(service: str, operation: str) -> str:
    """Raises LookupError when no reason fits."""
    for pattern, reason in REASONS.get(service, ()):
        if re.search(pattern, operation):
            return reason
    raise LookupError(f"{service} {operation} is refused without a reason: add it to {__name__}.REASONS")
