"""The MSK operations on clusters."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from local.cloud.moto_backends import lookups
from local.cloud.service.base import Backing, Inputs, Output
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.msk.backing import ClusterBacking, address_name
from local.cloud.svc.msk.configuration import ConfigurationOperations, configuration
from local.cloud.svc.msk.finding import cluster_of as _cluster
from local.cloud.svc.msk.finding import current as _current
from local.cloud.svc.msk.model import Cluster, Configuration, MskState
from local.cloud.svc.msk.scram import ScramOperations
from local.cloud.svc.msk.security import check_security, default_transit, listeners


class Msk(ConfigurationOperations, ScramOperations):
    name = "kafka"
    invalid = "BadRequestException"

    def new_state(self, region: str) -> MskState:
        return MskState(region)

    def backings(self) -> list[Backing]:
        return [
            ClusterBacking(self.context, state, c) for state in self.states() for c in list(state.clusters.values())
        ]

    def create_cluster(self, state: MskState, inputs: Inputs) -> Output:
        name = inputs["ClusterName"]
        if any(cluster.name == name for cluster in state.clusters.values()):
            raise AwsError("ConflictException", "A resource with this name already exists.")
        _check(state, inputs)
        identifier = f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-{secrets.token_hex(6)}-1"
        arn = self.context.arn("kafka", state.region, f"cluster/{name}/{identifier}")
        numbers = range(1, inputs["NumberOfBrokerNodes"] + 1)
        first, *more = [self.context.addresses(state.region).of(address_name(identifier, n)) for n in numbers]
        tags = dict(inputs.pop("Tags", {}))
        made = Cluster(state.region, name, arn, inputs, first, datetime.now(UTC), tags, more_addresses=tuple(more))
        state.clusters[arn] = made
        return {"ClusterArn": arn, "ClusterName": name, "State": "CREATING"}

    def create_cluster_v2(self, state: MskState, inputs: Inputs) -> Output:
        if "Provisioned" not in inputs:
            raise unsupported("serverless MSK clusters")
        flat = {"ClusterName": inputs["ClusterName"], "Tags": inputs.get("Tags", {}), **inputs["Provisioned"]}
        return {**self.create_cluster(state, flat), "ClusterType": "PROVISIONED"}

    def describe_cluster(self, state: MskState, inputs: Inputs) -> Output:
        return {"ClusterInfo": _info(_cluster(state, inputs))}

    def describe_cluster_v2(self, state: MskState, inputs: Inputs) -> Output:
        return {"ClusterInfo": _info_v2(_cluster(state, inputs))}

    def list_clusters(self, state: MskState, inputs: Inputs) -> Output:
        return {"ClusterInfoList": [_info(cluster) for cluster in _named(state, inputs)]}

    def list_clusters_v2(self, state: MskState, inputs: Inputs) -> Output:
        return {"ClusterInfoList": [_info_v2(cluster) for cluster in _named(state, inputs)]}

    def get_bootstrap_brokers(self, state: MskState, inputs: Inputs) -> Output:
        cluster = _cluster(state, inputs)
        return {} if cluster.state == "CREATING" else bootstrap(cluster)

    def delete_cluster(self, state: MskState, inputs: Inputs) -> Output:
        cluster = _cluster(state, inputs)
        cluster.state = "DELETING"
        return {"ClusterArn": cluster.arn, "ClusterName": cluster.name, "State": cluster.state}

    def reboot_broker(self, state: MskState, inputs: Inputs) -> Output:
        cluster = _cluster(state, inputs, active=True)
        cluster.state = "REBOOTING_BROKER"
        return {"ClusterArn": cluster.arn}

    def update_cluster_configuration(self, state: MskState, inputs: Inputs) -> Output:
        """The brokers restart with the new configuration, as on MSK."""
        cluster = _current(state, inputs)
        _check_configuration(state, inputs)
        cluster.inputs["ConfigurationInfo"] = inputs["ConfigurationInfo"]
        cluster.state = "REBOOTING_BROKER"
        cluster.bump()
        return {"ClusterArn": cluster.arn}

    def update_monitoring(self, state: MskState, inputs: Inputs) -> Output:
        cluster = _current(state, inputs)
        settings = ("EnhancedMonitoring", "OpenMonitoring", "LoggingInfo")
        cluster.inputs |= {key: inputs[key] for key in settings if key in inputs}
        cluster.bump()
        return {"ClusterArn": cluster.arn}

    def update_broker_storage(self, state: MskState, inputs: Inputs) -> Output:
        """One size for all brokers. It is only recorded: the data of the process is limited by the machine's disk."""
        cluster = _current(state, inputs)
        size = inputs["TargetBrokerEBSVolumeInfo"][0]["VolumeSizeGB"]
        storage = cluster.inputs["BrokerNodeGroupInfo"].setdefault("StorageInfo", {}).setdefault("EbsStorageInfo", {})
        if size < storage.get("VolumeSize", 0):
            raise AwsError("BadRequestException", "The volume size can only grow.")
        storage["VolumeSize"] = size
        cluster.bump()
        return {"ClusterArn": cluster.arn}

    def tag_resource(self, state: MskState, inputs: Inputs) -> Output:
        _tagged(state, inputs["ResourceArn"]).tags.update(inputs["Tags"])
        return {}

    def untag_resource(self, state: MskState, inputs: Inputs) -> Output:
        for key in inputs["TagKeys"]:
            _tagged(state, inputs["ResourceArn"]).tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, state: MskState, inputs: Inputs) -> Output:
        return {"Tags": _tagged(state, inputs["ResourceArn"]).tags}


_BOOTSTRAP = {
    "CLIENT": "BootstrapBrokerString",
    "CLIENT_SECURE": "BootstrapBrokerStringTls",
    "CLIENT_SASL_SCRAM": "BootstrapBrokerStringSaslScram",
}
"""Listener -> member of the answer to GetBootstrapBrokers."""


def bootstrap(cluster: Cluster) -> Output:
    """The bootstrap servers of each listener that the cluster has."""
    ports = {name: port for name, (_, port) in listeners(cluster.inputs).protocols().items()}
    return {
        member: ",".join(f"{address}:{ports[name]}" for address in cluster.addresses)
        for name, member in _BOOTSTRAP.items()
        if name in ports
    }


def _named(state: MskState, inputs: Inputs) -> list[Cluster]:
    return [c for c in state.clusters.values() if c.name.startswith(inputs.get("ClusterNameFilter", ""))]


def _tagged(state: MskState, arn: str) -> Cluster | Configuration:
    return state.clusters.get(arn) or configuration(state, arn)


def _check(state: MskState, inputs: Inputs) -> None:
    """Raises AwsError for invalid requests and for what this broker does not support."""
    encryption = inputs["EncryptionInfo"] = default_transit(inputs.get("EncryptionInfo", {}))
    check_security(inputs)
    subnets = inputs["BrokerNodeGroupInfo"]["ClientSubnets"]
    try:
        lookups.subnets(state.region, subnets)
        if "EncryptionAtRest" in encryption:
            at_rest = encryption["EncryptionAtRest"]
            at_rest["DataVolumeKMSKeyId"] = lookups.key_arn(state.region, at_rest["DataVolumeKMSKeyId"])
    except KeyError as error:
        raise AwsError("BadRequestException", f"There is no such subnet or KMS key: {error}") from error
    if inputs["NumberOfBrokerNodes"] % len(subnets):
        raise AwsError("BadRequestException", "The number of broker nodes must be a multiple of that of subnets.")
    _check_configuration(state, inputs)


def _check_configuration(state: MskState, inputs: Inputs) -> None:
    info = inputs.get("ConfigurationInfo")
    if info and not 1 <= info["Revision"] <= len(configuration(state, info["Arn"]).revisions):
        raise AwsError("BadRequestException", f"Revision {info['Revision']} of {info['Arn']} does not exist.")


def _info(cluster: Cluster) -> Output:
    configuration_info = cluster.inputs.get("ConfigurationInfo", {})
    return {
        "EnhancedMonitoring": "DEFAULT",
        "StorageMode": "LOCAL",
        **cluster.inputs,
        "ClusterArn": cluster.arn,
        "ClusterName": cluster.name,
        "CreationTime": cluster.created,
        "CurrentVersion": cluster.version,
        "CurrentBrokerSoftwareInfo": {
            "KafkaVersion": cluster.inputs["KafkaVersion"],
            "ConfigurationArn": configuration_info.get("Arn"),
            "ConfigurationRevision": configuration_info.get("Revision"),
        },
        "State": cluster.state,
        "Tags": cluster.tags,
    }


def _info_v2(cluster: Cluster) -> Output:
    info = _info(cluster)
    return {**info, "ClusterType": "PROVISIONED", "Provisioned": info}
