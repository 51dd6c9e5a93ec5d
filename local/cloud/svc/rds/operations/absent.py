"""Reads of kinds of resources that cannot be made here: there are none, and the answer says so."""

from __future__ import annotations

from collections.abc import Callable

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.rds import names
from local.cloud.svc.rds.model import RdsState

Operation = Callable[[Service[RdsState], RdsState, Inputs], Output]


def _none(key: str, **missing: str) -> Operation:
    """An empty list under `key`; the error of the first parameter in `missing` that asks for one resource."""

    def describe(service: Service[RdsState], state: RdsState, inputs: Inputs) -> Output:
        for name, code in missing.items():
            if inputs.get(name):
                raise AwsError(code, f"{inputs[name]} does not exist.")
        return {key: []}

    return describe


class AbsentOperations(Service[RdsState]):
    describe_blue_green_deployments = _none(
        "BlueGreenDeployments", BlueGreenDeploymentIdentifier="BlueGreenDeploymentNotFoundFault"
    )
    describe_db_capacity_reservations = _none(
        "DBCapacityReservations", DBCapacityReservationIdentifier="DBCapacityReservationNotFound"
    )
    describe_db_cluster_automated_backups = _none(
        "DBClusterAutomatedBackups",
        DbClusterResourceId="DBClusterAutomatedBackupNotFoundFault",
        DBClusterIdentifier="DBClusterAutomatedBackupNotFoundFault",
    )
    describe_db_cluster_backtracks = _none("DBClusterBacktracks", DBClusterIdentifier="DBClusterNotFoundFault")
    describe_db_cluster_endpoints = _none("DBClusterEndpoints", DBClusterIdentifier="DBClusterNotFoundFault")
    describe_db_cluster_parameter_groups = _none(
        "DBClusterParameterGroups", DBClusterParameterGroupName="DBParameterGroupNotFound"
    )
    describe_db_cluster_snapshots = _none(
        "DBClusterSnapshots", DBClusterSnapshotIdentifier="DBClusterSnapshotNotFoundFault"
    )
    describe_db_clusters = _none("DBClusters", DBClusterIdentifier="DBClusterNotFoundFault")
    describe_db_proxies = _none("DBProxies", DBProxyName="DBProxyNotFoundFault")
    describe_db_proxy_endpoints = _none(
        "DBProxyEndpoints", DBProxyName="DBProxyNotFoundFault", DBProxyEndpointName="DBProxyEndpointNotFoundFault"
    )
    describe_db_proxy_target_groups = _none("TargetGroups", DBProxyName="DBProxyNotFoundFault")
    describe_db_proxy_targets = _none("Targets", DBProxyName="DBProxyNotFoundFault")
    describe_db_recommendations = _none("DBRecommendations")
    describe_db_security_groups = _none("DBSecurityGroups", DBSecurityGroupName="DBSecurityGroupNotFound")
    describe_db_shard_groups = _none("DBShardGroups", DBShardGroupIdentifier="DBShardGroupNotFound")
    describe_event_subscriptions = _none("EventSubscriptionsList", SubscriptionName="SubscriptionNotFound")
    describe_export_tasks = _none("ExportTasks", ExportTaskIdentifier="ExportTaskNotFound")
    describe_global_clusters = _none("GlobalClusters", GlobalClusterIdentifier="GlobalClusterNotFoundFault")
    describe_integrations = _none("Integrations", IntegrationIdentifier="IntegrationNotFoundFault")
    describe_option_groups = _none("OptionGroupsList", OptionGroupName="OptionGroupNotFoundFault")
    describe_pending_maintenance_actions = _none(
        "PendingMaintenanceActions", ResourceIdentifier="ResourceNotFoundFault"
    )
    describe_reserved_db_instances = _none("ReservedDBInstances", ReservedDBInstanceId="ReservedDBInstanceNotFound")

    def describe_tenant_databases(self, state: RdsState, inputs: Inputs) -> Output:
        if inputs.get("DBInstanceIdentifier"):
            names.instance(state, inputs["DBInstanceIdentifier"])
        return {"TenantDatabases": []}

    def describe_db_snapshot_tenant_databases(self, state: RdsState, inputs: Inputs) -> Output:
        if inputs.get("DBSnapshotIdentifier"):
            names.snapshot(state, inputs["DBSnapshotIdentifier"])
        return {"DBSnapshotTenantDatabases": []}
