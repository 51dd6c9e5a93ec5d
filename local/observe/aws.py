"""AWS resources of a region, through the endpoint that AWS_ENDPOINT_URL names."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
from botocore.config import Config

from local.observe.model import Resource

CLIENT_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


def resources(session: boto3.Session, region: str, endpoint_url: str) -> list[Resource]:
    """Every resource of the region that has an engine; raises botocore's errors when the API does not answer."""

    def client(service: str):
        return session.client(service, region_name=region, endpoint_url=endpoint_url, config=CLIENT_CONFIG)  # pyright: ignore

    return [
        *_databases(client("rds"), region),
        *_brokers(client("kafka"), region),
        *_caches(client("elasticache"), region),
        *_domains(client("opensearch"), region),
        *_clusters(client("eks"), region),
    ]


def _databases(rds, region: str) -> Iterator[Resource]:
    for db in rds.describe_db_instances()["DBInstances"]:
        at = db.get("Endpoint") or {}
        yield Resource(region, "RDS", db["DBInstanceIdentifier"], db["DBInstanceStatus"], _address(at))


def _brokers(kafka, region: str) -> Iterator[Resource]:
    for cluster in kafka.list_clusters()["ClusterInfoList"]:
        brokers = ""
        if cluster["State"] == "ACTIVE":
            answer = kafka.get_bootstrap_brokers(ClusterArn=cluster["ClusterArn"])
            brokers = next((text for name, text in sorted(answer.items()) if name.startswith("BootstrapBroker")), "")
        yield Resource(region, "MSK", cluster["ClusterName"], cluster["State"], brokers)


def _caches(elasticache, region: str) -> Iterator[Resource]:
    for group in elasticache.describe_replication_groups()["ReplicationGroups"]:
        nodes = group.get("NodeGroups") or [{}]
        at = nodes[0].get("PrimaryEndpoint") or {}
        yield Resource(region, "ElastiCache", group["ReplicationGroupId"], group["Status"], _address(at))


def _domains(opensearch, region: str) -> Iterator[Resource]:
    names = [one["DomainName"] for one in opensearch.list_domain_names()["DomainNames"]]
    for domain in opensearch.describe_domains(DomainNames=names)["DomainStatusList"] if names else ():
        at = (domain.get("Endpoints") or {}).get("vpc") or ""
        yield Resource(region, "OpenSearch", domain["DomainName"], domain["DomainProcessingStatus"], at)


def _clusters(eks, region: str) -> Iterator[Resource]:
    for name in eks.list_clusters()["clusters"]:
        cluster = eks.describe_cluster(name=name)["cluster"]
        yield Resource(region, "EKS", name, cluster["status"], cluster.get("endpoint") or "")
        for group in eks.list_nodegroups(clusterName=name)["nodegroups"]:
            nodes = eks.describe_nodegroup(clusterName=name, nodegroupName=group)["nodegroup"]
            size = nodes.get("scalingConfig", {}).get("desiredSize", 0)
            kind = nodes.get("capacityType", "ON_DEMAND").lower().replace("_", "-")
            yield Resource(region, "node group", group, nodes["status"], f"{size} {kind}")


def _address(endpoint: dict[str, object]) -> str:
    return f"{endpoint['Address']}:{endpoint['Port']}" if endpoint.get("Address") else ""
