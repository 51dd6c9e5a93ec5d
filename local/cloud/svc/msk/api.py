"""The MSK operations on clusters."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from local.cloud.moto_backends import lookups
from local.cloud.service.base import Backing, Inputs, Output
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.msk.backing import ClusterBacking
from local.cloud.svc.msk.configuration import ConfigurationOperations, configuration
from local.cloud.svc.msk.model import Cluster, Configuration, MskState


class Msk(ConfigurationOperations):
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
        address = self.context.addresses(state.region).of(identifier)
        tags = dict(inputs.pop("Tags", {}))
        state.clusters[arn] = Cluster(state.region, name, arn, inputs, address, datetime.now(UTC), tags)
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
        return {"BootstrapBrokerString": f"{cluster.address}:9092"} if cluster.state != "CREATING" else {}

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


def _cluster(state: MskState, inputs: Inputs, active: bool = False) -> Cluster:
    cluster = state.clusters.get(inputs["ClusterArn"])
    if cluster is None:
        raise AwsError("NotFoundException", f"The cluster {inputs['ClusterArn']} does not exist.")
    if active and cluster.state != "ACTIVE":
        raise AwsError("BadRequestException", f"The cluster is {cluster.state}; it must be ACTIVE for this.")
    return cluster


def _current(state: MskState, inputs: Inputs) -> Cluster:
    """The cluster of an update; raises AwsError unless its version is the request's CurrentVersion."""
    cluster = _cluster(state, inputs, active=True)
    if inputs["CurrentVersion"] != cluster.version:
        raise AwsError("BadRequestException", f"The current version of the cluster is {cluster.version}.")
    return cluster


def _named(state: MskState, inputs: Inputs) -> list[Cluster]:
    return [c for c in state.clusters.values() if c.name.startswith(inputs.get("ClusterNameFilter", ""))]


def _tagged(state: MskState, arn: str) -> Cluster | Configuration:
    return state.clusters.get(arn) or configuration(state, arn)


def _check(state: MskState, inputs: Inputs) -> None:
    """Raises AwsError for invalid requests and for what this broker does not support."""
    methods = inputs.get("ClientAuthentication", {})
    if methods.get("Tls", {}).get("Enabled", "Tls" in methods) or "Sasl" in methods:
        raise unsupported("brokers that authenticate their clients; leave ClientAuthentication out")
    encryption = inputs.get("EncryptionInfo", {})
    if encryption.get("EncryptionInTransit", {}).get("ClientBroker") == "TLS":
        raise unsupported("brokers that speak TLS only; set ClientBroker to TLS_PLAINTEXT or PLAINTEXT")
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
