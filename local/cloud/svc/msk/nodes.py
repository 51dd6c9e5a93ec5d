"""The brokers of a cluster, and its controllers, which share their processes."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.svc.msk.describe import software
from local.cloud.svc.msk.finding import cluster_of
from local.cloud.svc.msk.model import Cluster, MskState
from local.engines.kafka.settings import CONTROLLER_PORT, voters


class NodeOperations(Service[MskState]):
    def list_nodes(self, state: MskState, inputs: Inputs) -> Output:
        """Brokers first. In KRaft mode controllers are nodes too, without a broker's id."""
        cluster = cluster_of(state, inputs)
        if cluster.state == "CREATING":
            return {"NodeInfoList": []}
        brokers = [_broker(cluster, number) for number in range(1, len(cluster.addresses) + 1)]
        controllers = [_controller(cluster, number) for number in voters(zones(cluster))]
        return {"NodeInfoList": brokers + controllers}


def zones(cluster: Cluster) -> int:
    """How many zones the brokers are in; one for a cluster of one process."""
    return min(len(cluster.addresses), len(cluster.inputs["BrokerNodeGroupInfo"]["ClientSubnets"]))


def _broker(cluster: Cluster, number: int) -> Output:
    group = cluster.inputs["BrokerNodeGroupInfo"]
    subnets, address = group["ClientSubnets"], cluster.addresses[number - 1]
    return {
        "NodeARN": f"{cluster.arn.replace(':cluster/', ':broker/')}/{number}",
        "NodeType": "BROKER",
        "InstanceType": group["InstanceType"].removeprefix("kafka."),
        "AddedToClusterTime": f"{cluster.created:%Y-%m-%dT%H:%M:%S.%fZ}",
        "BrokerNodeInfo": {
            "BrokerId": float(number),
            "ClientSubnet": subnets[(number - 1) % len(subnets)],
            "ClientVpcIpAddress": address,
            "CurrentBrokerSoftwareInfo": software(cluster),
            "Endpoints": [address],
        },
    }


def _controller(cluster: Cluster, number: int) -> Output:
    return {
        "NodeARN": f"{cluster.arn.replace(':cluster/', ':controller/')}/{number}",
        "ControllerNodeInfo": {"Endpoints": [f"{cluster.addresses[number - 1]}:{CONTROLLER_PORT}"]},
    }
