"""Updates of a cluster: each becomes an operation that the control loop carries out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.msk.backing import address_name
from local.cloud.svc.msk.configuration import check_configuration
from local.cloud.svc.msk.finding import cluster_of, current
from local.cloud.svc.msk.model import Cluster, MskState
from local.cloud.svc.msk.operations import REBOOT, begin
from local.cloud.svc.msk.rules import count, refuse_unsupported, size
from local.cloud.svc.msk.security import check_connectivity, check_security, transit
from local.cloud.svc.msk.versions import EXPRESS_TYPES, INSTANCE_TYPES, targets

STORAGE_UPDATE = "UPDATE_BROKER_STORAGE"
COOL_DOWN = timedelta(hours=6)
"""Between two changes of the volumes: https://docs.aws.amazon.com/msk/latest/developerguide/msk-update-storage.html"""


class UpdateOperations(Service[MskState]):
    """CurrentVersion must be the cluster's, and the cluster ACTIVE, for every update."""

    def reboot_broker(self, state: MskState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs, active=True)
        asked = inputs["BrokerIds"]
        known = [str(number) for number in range(1, len(cluster.addresses) + 1)]
        if len(asked) != 1:
            raise _refused("One broker can be rebooted at a time.")
        if asked[0] not in known:
            raise _refused(f"The cluster has no broker {asked[0]}; it has {', '.join(known)}.")
        return begin(cluster, REBOOT, restarts=(int(asked[0]),))

    def update_broker_count(self, state: MskState, inputs: Inputs) -> Output:
        """New brokers have no partitions until some are reassigned to them."""
        cluster, target = current(state, inputs), inputs["TargetNumberOfBrokerNodes"]
        before = cluster.inputs["NumberOfBrokerNodes"]
        zones = len(cluster.inputs["BrokerNodeGroupInfo"]["ClientSubnets"])
        if target == before:
            raise _refused(f"The cluster has {before} brokers already.")
        if message := count(target, zones):
            raise _refused(message)
        if target < before:
            raise unsupported("removing brokers from a cluster")
        addresses = self.context.addresses(state.region)
        numbers = range(len(cluster.addresses) + 1, target + 1)
        added = tuple(addresses.of(address_name(cluster.identifier, number)) for number in numbers)
        return begin(cluster, "INCREASE_BROKER_COUNT", {"NumberOfBrokerNodes": target}, new_addresses=added)

    def update_broker_type(self, state: MskState, inputs: Inputs) -> Output:
        cluster, target = current(state, inputs), inputs["TargetInstanceType"]
        group = cluster.inputs["BrokerNodeGroupInfo"]
        if target not in INSTANCE_TYPES:
            family = " Standard brokers cannot become Express brokers." if target in EXPRESS_TYPES else ""
            raise _refused(f"Unsupported InstanceType specified.{family} Valid values: [{', '.join(INSTANCE_TYPES)}]")
        if target == group["InstanceType"]:
            raise _refused(f"The brokers are of type {target} already.")
        change = {"BrokerNodeGroupInfo": {**group, "InstanceType": target}}
        source = {"InstanceType": group["InstanceType"].removeprefix("kafka.")}
        types = {"InstanceType": target.removeprefix("kafka.")}
        return begin(cluster, "UPDATE_BROKER_TYPE", change, types, source, restarts=_all(cluster))

    def update_broker_storage(self, state: MskState, inputs: Inputs) -> Output:
        """It is only recorded: the data of a broker is limited by the machine's disk."""
        cluster, asked = current(state, inputs), inputs["TargetBrokerEBSVolumeInfo"]
        if len(asked) != 1 or asked[0]["KafkaBrokerNodeId"].upper() != "ALL":
            raise _refused("The volumes of all brokers change together: KafkaBrokerNodeId is All.")
        if asked[0].get("ProvisionedThroughput", {}).get("Enabled"):
            raise unsupported("provisioned throughput of volumes")
        return _grow(cluster, asked[0].get("VolumeSizeGB"), datetime.now(UTC))

    def update_storage(self, state: MskState, inputs: Inputs) -> Output:
        cluster = current(state, inputs)
        if inputs.get("StorageMode", "LOCAL") != "LOCAL" or inputs.get("ProvisionedThroughput", {}).get("Enabled"):
            raise unsupported("tiered storage, and provisioned throughput of volumes")
        return _grow(cluster, inputs.get("VolumeSizeGB"), datetime.now(UTC))

    def update_cluster_configuration(self, state: MskState, inputs: Inputs) -> Output:
        """The brokers restart one after the other, with their topics."""
        cluster, asked = current(state, inputs), inputs["ConfigurationInfo"]
        check_configuration(state, asked, cluster.inputs["KafkaVersion"])
        return begin(cluster, "UPDATE_CLUSTER_CONFIGURATION", {"ConfigurationInfo": asked})

    def update_cluster_kafka_version(self, state: MskState, inputs: Inputs) -> Output:
        """The brokers restart one after the other. Their program stays the one Kafka that is installed."""
        cluster, target = current(state, inputs), inputs["TargetKafkaVersion"]
        before = cluster.inputs["KafkaVersion"]
        if target not in targets(before):
            raise _refused(f"A cluster of version {before} can be updated to: [{', '.join(targets(before))}]")
        change: dict[str, Any] = {"KafkaVersion": target}
        if "ConfigurationInfo" in inputs:
            change["ConfigurationInfo"] = inputs["ConfigurationInfo"]
        check_configuration(state, change.get("ConfigurationInfo", cluster.inputs.get("ConfigurationInfo")), target)
        return begin(cluster, "UPDATE_CLUSTER_KAFKA_VERSION", change, restarts=_all(cluster))

    def update_security(self, state: MskState, inputs: Inputs) -> Output:
        cluster = current(state, inputs)
        change = _security(cluster, inputs)
        if all(cluster.inputs.get(key) == value for key, value in change.items()):
            raise _refused("The request changes nothing in the cluster's security settings.")
        check_security({**cluster.inputs, **change})
        return begin(cluster, "UPDATE_SECURITY", change)

    def update_connectivity(self, state: MskState, inputs: Inputs) -> Output:
        """It is only recorded: whoever reaches this machine's addresses reaches the brokers."""
        cluster = current(state, inputs)
        asked, group = inputs["ConnectivityInfo"], cluster.inputs["BrokerNodeGroupInfo"]
        if asked.get("PublicAccess", {}).get("Type", "DISABLED") != "DISABLED":
            raise unsupported("public access to brokers")
        info = {**group.get("ConnectivityInfo", {}), **asked}
        if info == group.get("ConnectivityInfo", {}):
            raise _refused("The request changes nothing in the cluster's connectivity.")
        change = {"BrokerNodeGroupInfo": {**group, "ConnectivityInfo": info}}
        check_connectivity({**cluster.inputs, **change})
        return begin(cluster, "UPDATE_CONNECTIVITY", change, {"ConnectivityInfo": info})

    def update_monitoring(self, state: MskState, inputs: Inputs) -> Output:
        cluster = current(state, inputs)
        change = {key: inputs[key] for key in ("EnhancedMonitoring", "OpenMonitoring", "LoggingInfo") if key in inputs}
        refuse_unsupported(change)
        if not change:
            raise _refused("The request changes nothing in the cluster's monitoring.")
        return begin(cluster, "UPDATE_MONITORING", change)


def _refused(message: str) -> AwsError:
    return AwsError("BadRequestException", message)


def _all(cluster: Cluster) -> tuple[int, ...]:
    return tuple(range(1, len(cluster.addresses) + 1))


def _security(cluster: Cluster, inputs: Inputs) -> dict[str, Any]:
    """The parameters that the request replaces. What it does not name stays."""
    change: dict[str, Any] = {}
    asked = inputs.get("EncryptionInfo", {})
    if "EncryptionAtRest" in asked:
        raise _refused("The key of the volumes cannot be changed.")
    if "EncryptionInTransit" in asked:
        before = transit(cluster.inputs)
        after = {**before, **asked["EncryptionInTransit"]}
        if after["InCluster"] != before["InCluster"]:
            raise _refused("Encryption between brokers cannot be changed.")
        change["EncryptionInfo"] = {**cluster.inputs.get("EncryptionInfo", {}), "EncryptionInTransit": after}
    if "ClientAuthentication" in inputs:
        change["ClientAuthentication"] = {
            **cluster.inputs.get("ClientAuthentication", {}),
            **inputs["ClientAuthentication"],
        }
    return change


def _grow(cluster: Cluster, gib: int | None, now: datetime) -> Output:
    group = cluster.inputs["BrokerNodeGroupInfo"]
    storage = group.get("StorageInfo", {}).get("EbsStorageInfo", {})
    if gib is None or gib <= storage.get("VolumeSize", 0):
        raise _refused(f"The volumes have {storage.get('VolumeSize', 0)} GiB, and can only grow.")
    if message := size(gib):
        raise _refused(message)
    if any(op.type == STORAGE_UPDATE and op.ended and now - op.ended < COOL_DOWN for op in cluster.operations):
        raise _refused("The volumes were changed less than six hours ago.")
    change = {"BrokerNodeGroupInfo": {**group, "StorageInfo": {"EbsStorageInfo": {**storage, "VolumeSize": gib}}}}
    volumes = ({"KafkaBrokerNodeId": "ALL", "VolumeSizeGB": n} for n in (gib, storage.get("VolumeSize", 0)))
    target, source = ({"BrokerEBSVolumeInfo": [volume]} for volume in volumes)
    return begin(cluster, STORAGE_UPDATE, change, target, source)
