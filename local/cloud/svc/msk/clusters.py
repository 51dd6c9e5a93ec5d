"""Creating, describing and deleting clusters."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from local.cloud.moto_backends import lookups
from local.cloud.moto_backends.keys import kms_key
from local.cloud.moto_backends.networks import vpc_of_security_group, zone_ids
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.msk.backing import address_name
from local.cloud.svc.msk.configuration import check_configuration
from local.cloud.svc.msk.describe import bootstrap, info, info_v2
from local.cloud.svc.msk.finding import check_version, cluster_of
from local.cloud.svc.msk.model import Cluster, MskState
from local.cloud.svc.msk.rules import Facts, check_creation
from local.cloud.svc.msk.security import check_security, default_transit


class ClusterOperations(Service[MskState]):
    def create_cluster(self, state: MskState, inputs: Inputs) -> Output:
        name = inputs["ClusterName"]
        check_creation(inputs, _facts(state.region, inputs))
        inputs["EncryptionInfo"] = self._encryption(state.region, inputs.get("EncryptionInfo", {}))
        check_security(inputs)
        check_configuration(state, inputs.get("ConfigurationInfo"), inputs["KafkaVersion"])
        if any(cluster.name == name for cluster in state.clusters.values()):
            raise AwsError("ConflictException", "A resource with this name already exists.")
        group = inputs["BrokerNodeGroupInfo"]
        if not group.get("SecurityGroups"):
            vpc = lookups.subnets(state.region, group["ClientSubnets"][:1])[0].vpc
            group["SecurityGroups"] = [lookups.default_security_group(state.region, vpc)]
        return self._create(state, name, inputs)

    def create_cluster_v2(self, state: MskState, inputs: Inputs) -> Output:
        if ("Provisioned" in inputs) == ("Serverless" in inputs):
            raise AwsError("BadRequestException", "Specify either Provisioned or Serverless.")
        if "Serverless" in inputs:
            raise unsupported("serverless MSK clusters")
        flat = {"ClusterName": inputs["ClusterName"], "Tags": inputs.get("Tags", {}), **inputs["Provisioned"]}
        return {**self.create_cluster(state, flat), "ClusterType": "PROVISIONED"}

    def describe_cluster(self, state: MskState, inputs: Inputs) -> Output:
        return {"ClusterInfo": info(cluster_of(state, inputs))}

    def describe_cluster_v2(self, state: MskState, inputs: Inputs) -> Output:
        return {"ClusterInfo": info_v2(cluster_of(state, inputs))}

    def list_clusters(self, state: MskState, inputs: Inputs) -> Output:
        return {"ClusterInfoList": [info(cluster) for cluster in _named(state, inputs)]}

    def list_clusters_v2(self, state: MskState, inputs: Inputs) -> Output:
        type = inputs.get("ClusterTypeFilter") or "PROVISIONED"
        if type not in ("PROVISIONED", "SERVERLESS"):
            raise AwsError("BadRequestException", f"ClusterTypeFilter is PROVISIONED or SERVERLESS, not {type}.")
        found = _named(state, inputs) if type == "PROVISIONED" else []
        return {"ClusterInfoList": [info_v2(cluster) for cluster in found]}

    def get_bootstrap_brokers(self, state: MskState, inputs: Inputs) -> Output:
        """Nothing until the cluster is ACTIVE."""
        cluster = cluster_of(state, inputs)
        return {} if cluster.state in ("CREATING", "DELETING") else bootstrap(cluster)

    def delete_cluster(self, state: MskState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs)
        if "CurrentVersion" in inputs:
            check_version(cluster, inputs["CurrentVersion"])
        if cluster.state == "DELETING":
            raise AwsError("BadRequestException", "The cluster is being deleted already.")
        cluster.state = "DELETING"
        return {"ClusterArn": cluster.arn, "ClusterName": cluster.name, "State": cluster.state}

    def _encryption(self, region: str, asked: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        """EncryptionInfo with its defaults, and with ARNs for keys."""
        encryption = default_transit(asked)
        if "EncryptionAtRest" in encryption:
            key = kms_key(region, encryption["EncryptionAtRest"]["DataVolumeKMSKeyId"])
            if key.trouble:
                raise AwsError("BadRequestException", key.trouble)
            encryption["EncryptionAtRest"] = {"DataVolumeKMSKeyId": key.arn}
        return encryption

    def _create(self, state: MskState, name: str, inputs: Inputs) -> Output:
        identifier = f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-{secrets.token_hex(6)}-1"
        arn = self.context.arn("kafka", state.region, f"cluster/{name}/{identifier}")
        numbers = range(1, inputs["NumberOfBrokerNodes"] + 1)
        first, *more = [self.context.addresses(state.region).of(address_name(identifier, n)) for n in numbers]
        tags = dict(inputs.pop("Tags", {}))
        state.clusters[arn] = Cluster(
            state.region,
            name,
            arn,
            inputs,
            first,
            datetime.now(UTC),
            tags,
            more_addresses=tuple(more),
            racks=zone_ids(state.region, inputs["BrokerNodeGroupInfo"]["ClientSubnets"]),
        )
        return {"ClusterArn": arn, "ClusterName": name, "State": "CREATING"}


def _facts(region: str, inputs: Inputs) -> Facts:
    group = inputs["BrokerNodeGroupInfo"]
    subnets = {}
    for id in group["ClientSubnets"]:
        try:
            subnet = lookups.subnets(region, [id])[0]
        except KeyError:
            continue
        subnets[id] = (subnet.vpc, subnet.zone)
    vpcs = {id: vpc_of_security_group(region, id) for id in group.get("SecurityGroups", [])}
    return Facts(subnets, {id: vpc for id, vpc in vpcs.items() if vpc is not None})


def _named(state: MskState, inputs: Inputs) -> list[Cluster]:
    return [c for c in state.clusters.values() if c.name.startswith(inputs.get("ClusterNameFilter", ""))]
