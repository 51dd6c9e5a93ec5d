"""Kinds of resources that cannot be made here: there are none of them, and none has the name that is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import xform_name
from moto.core.utils import get_service_model

from local.cloud.context import CloudContext
from local.cloud.service.errors import AwsError
from local.cloud.svc import services
from local.cloud.svc.eks.model import Cluster
from local.cloud.svc.opensearch.model import Domain
from local.site import Site
from tests.fixtures.cloud import Cloud

HERE = "us-west-2"
DOMAIN, CLUSTER = {"DomainName": "here"}, {"clusterName": "here"}
EMPTY: list[tuple[str, str, dict[str, Any], str]] = [
    ("rds", "DescribeDBClusters", {}, "DBClusters"),
    ("rds", "DescribeDBClusterSnapshots", {}, "DBClusterSnapshots"),
    ("rds", "DescribeOptionGroups", {}, "OptionGroupsList"),
    ("rds", "DescribeEventSubscriptions", {}, "EventSubscriptionsList"),
    ("rds", "DescribePendingMaintenanceActions", {}, "PendingMaintenanceActions"),
    ("rds", "DescribeDBProxies", {}, "DBProxies"),
    ("rds", "DescribeGlobalClusters", {}, "GlobalClusters"),
    ("rds", "DescribeReservedDBInstances", {}, "ReservedDBInstances"),
    ("rds", "DescribeBlueGreenDeployments", {}, "BlueGreenDeployments"),
    ("rds", "DescribeExportTasks", {}, "ExportTasks"),
    ("rds", "DescribeIntegrations", {}, "Integrations"),
    ("rds", "DescribeDBSecurityGroups", {}, "DBSecurityGroups"),
    ("rds", "DescribeDBClusterParameterGroups", {}, "DBClusterParameterGroups"),
    ("rds", "DescribeDBCapacityReservations", {}, "DBCapacityReservations"),
    ("rds", "DescribeDBClusterAutomatedBackups", {}, "DBClusterAutomatedBackups"),
    ("rds", "DescribeDBProxyEndpoints", {}, "DBProxyEndpoints"),
    ("rds", "DescribeDBRecommendations", {}, "DBRecommendations"),
    ("rds", "DescribeDBShardGroups", {}, "DBShardGroups"),
    ("rds", "DescribeTenantDatabases", {}, "TenantDatabases"),
    ("rds", "DescribeDBSnapshotTenantDatabases", {}, "DBSnapshotTenantDatabases"),
    ("elasticache", "DescribeCacheSecurityGroups", {}, "CacheSecurityGroups"),
    ("eks", "ListCertificateAuthorities", CLUSTER, "certificateAuthorities"),
    ("opensearch", "DescribeInboundConnections", {}, "Connections"),
    ("opensearch", "DescribeOutboundConnections", {}, "Connections"),
    ("opensearch", "DescribePackages", {}, "PackageDetailsList"),
    ("opensearch", "DescribeReservedInstances", {}, "ReservedInstances"),
    ("opensearch", "DescribeVpcEndpoints", {"VpcEndpointIds": ["aos-1"]}, "VpcEndpoints"),
    ("opensearch", "ListApplications", {}, "ApplicationSummaries"),
    ("opensearch", "ListDirectQueryDataSources", {}, "DirectQueryDataSources"),
    ("opensearch", "ListVpcEndpoints", {}, "VpcEndpointSummaryList"),
    ("opensearch", "DescribeDomainAutoTunes", DOMAIN, "AutoTunes"),
    ("opensearch", "GetUpgradeHistory", DOMAIN, "UpgradeHistories"),
    ("opensearch", "ListDataSources", DOMAIN, "DataSources"),
    ("opensearch", "ListDomainMaintenances", DOMAIN, "DomainMaintenances"),
    ("opensearch", "ListPackagesForDomain", DOMAIN, "DomainPackageDetailsList"),
    ("opensearch", "ListScheduledActions", DOMAIN, "ScheduledActions"),
    ("opensearch", "ListVpcEndpointAccess", DOMAIN, "AuthorizedPrincipalList"),
    ("opensearch", "ListVpcEndpointsForDomain", DOMAIN, "VpcEndpointSummaryList"),
]
NAMED: list[tuple[str, str, dict[str, Any]]] = [
    ("rds", "DescribeDBCapacityReservations", {"DBCapacityReservationIdentifier": "none"}),
    ("rds", "DescribeDBClusterAutomatedBackups", {"DBClusterIdentifier": "none"}),
    ("rds", "DescribeDBClusterBacktracks", {"DBClusterIdentifier": "none"}),
    ("rds", "DescribeDBProxyEndpoints", {"DBProxyName": "none"}),
    ("rds", "DescribeDBProxyEndpoints", {"DBProxyEndpointName": "none"}),
    ("rds", "DescribeDBProxyTargetGroups", {"DBProxyName": "none"}),
    ("rds", "DescribeDBProxyTargets", {"DBProxyName": "none"}),
    ("rds", "DescribeDBShardGroups", {"DBShardGroupIdentifier": "none"}),
    ("rds", "DescribeTenantDatabases", {"DBInstanceIdentifier": "none"}),
    ("rds", "DescribeDBSnapshotTenantDatabases", {"DBSnapshotIdentifier": "none"}),
    ("elasticache", "DescribeCacheSecurityGroups", {"CacheSecurityGroupName": "none"}),
    ("eks", "ListCertificateAuthorities", {"clusterName": "none"}),
    ("opensearch", "DescribeReservedInstances", {"ReservedInstanceId": "none"}),
    ("opensearch", "ListDomainsForPackage", {"PackageID": "none"}),
    *(("opensearch", name, {"DomainName": "none"}) for service, name, inputs, _ in EMPTY if inputs is DOMAIN),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Our services by name, with a domain and a cluster `here`."""
    found = {service.name: service for service in services(CloudContext(Site(tmp_path_factory.mktemp("absent"))))}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    domain = Domain(HERE, "here", "arn:d", "here-1", {}, "aura", "x", "127.0.0.1", now, {})
    found["opensearch"].state(HERE).domains["here"] = domain
    cluster = Cluster(HERE, "here", "c-1", "arn:c", {}, "127.0.0.1", "sg", now, "ACTIVE")
    found["eks"].state(HERE).clusters["here"] = cluster
    return found


def answer(own: dict[str, Any], service: str, operation: str, inputs: dict[str, Any]) -> Any:
    return getattr(own[service], xform_name(operation))(own[service].state(HERE), dict(inputs))


@pytest.mark.parametrize(("service", "operation", "inputs", "key"), EMPTY, ids=[name for _, name, *_ in EMPTY])
def test_there_is_none(own: dict[str, Any], service: str, operation: str, inputs: dict[str, Any], key: str) -> None:
    found = answer(own, service, operation, inputs)
    assert found[key] == []
    shape = get_service_model(service).operation_model(operation).output_shape
    assert shape is not None
    assert found.keys() <= shape.members.keys()
    if "VpcEndpointErrors" in found:
        assert [error["VpcEndpointId"] for error in found["VpcEndpointErrors"]] == inputs["VpcEndpointIds"]


@pytest.mark.parametrize(("service", "operation", "inputs"), NAMED, ids=[f"{name}-{i}" for _, name, i in NAMED])
def test_none_has_the_name_that_is_asked_for(
    own: dict[str, Any], service: str, operation: str, inputs: dict[str, Any]
) -> None:
    with pytest.raises(AwsError) as refused:
        answer(own, service, operation, inputs)
    known = get_service_model(service).operation_model(operation).error_shapes
    assert refused.value.code in {shape.metadata.get("error", {}).get("code") or shape.name for shape in known}


@pytest.mark.integration
def test_the_endpoint_answers_with_the_error_of_each_protocol(cloud: Cloud) -> None:
    for service, operation, inputs, key in EMPTY:
        if not inputs:
            found = getattr(cloud.client(service, "us-east-1"), xform_name(operation))()
            assert found[key] == [], operation
