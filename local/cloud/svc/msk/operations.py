"""The updates of a cluster, as resources: begun by a request, carried out by the control loop."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.finding import cluster_of
from local.cloud.svc.msk.model import Cluster, MskState, Operation

REBOOT = "REBOOT_NODE"
_OPERATION_ARN = re.compile(r"arn:aws[\w-]*:kafka:[\w-]+:\d{12}:cluster-operation/[^/]+/[\w-]+/[\w-]+")


class HistoryOperations(Service[MskState]):
    """The MSK operations that tell of updates."""

    def describe_cluster_operation(self, state: MskState, inputs: Inputs) -> Output:
        return {"ClusterOperationInfo": _info(*_found(state, inputs["ClusterOperationArn"]))}

    def describe_cluster_operation_v2(self, state: MskState, inputs: Inputs) -> Output:
        return {"ClusterOperationInfo": _info_v2(*_found(state, inputs["ClusterOperationArn"]))}

    def list_cluster_operations(self, state: MskState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs)
        return {"ClusterOperationInfoList": [_info(cluster, op) for op in reversed(cluster.operations)]}

    def list_cluster_operations_v2(self, state: MskState, inputs: Inputs) -> Output:
        cluster = cluster_of(state, inputs)
        return {"ClusterOperationInfoList": [_info_v2(cluster, op) for op in reversed(cluster.operations)]}


def begin(
    cluster: Cluster,
    type: str,
    change: dict[str, Any] | None = None,
    target: dict[str, Any] | None = None,
    source: dict[str, Any] | None = None,
    restarts: tuple[int, ...] = (),
    new_addresses: tuple[str, ...] = (),
) -> Output:
    """Records the operation for the control loop to carry out; returns the answer to the request.

    `change` are the cluster's parameters afterwards, `target` the same as MutableClusterInfo.
    """
    change = change or {}
    operation = Operation(
        f"{cluster.arn.replace(':cluster/', ':cluster-operation/')}/{secrets.token_hex(4)}-{secrets.token_hex(6)}",
        type,
        datetime.now(UTC),
        source if source is not None else {key: cluster.inputs[key] for key in change if key in cluster.inputs},
        target if target is not None else change,
        change,
        restarts,
        new_addresses,
    )
    cluster.operations = (*cluster.operations, operation)
    cluster.state = "REBOOTING_BROKER" if type == REBOOT else "UPDATING"
    return {"ClusterArn": cluster.arn, "ClusterOperationArn": operation.arn}


def start(operation: Operation) -> None:
    operation.state = "REBOOT_IN_PROGRESS" if operation.type == REBOOT else "UPDATE_IN_PROGRESS"


def complete(cluster: Cluster, operation: Operation, now: datetime) -> None:
    """Ends the operation, whose change is the cluster's from now on."""
    operation.state = "REBOOT_COMPLETE" if operation.type == REBOOT else "UPDATE_COMPLETE"
    operation.ended = now
    cluster.inputs = {**cluster.inputs, **operation.change}
    cluster.more_addresses = (*cluster.more_addresses, *operation.new_addresses)
    if operation.type != REBOOT:
        cluster.bump()


def _found(state: MskState, arn: str) -> tuple[Cluster, Operation]:
    if not _OPERATION_ARN.fullmatch(arn):
        raise AwsError("BadRequestException", f"{arn} is not the ARN of a cluster operation.")
    for cluster in state.clusters.values():
        for operation in cluster.operations:
            if operation.arn == arn:
                return cluster, operation
    raise AwsError("NotFoundException", f"The cluster operation {arn} does not exist.")


def _info(cluster: Cluster, operation: Operation) -> Output:
    return {
        "ClusterArn": cluster.arn,
        "CreationTime": operation.created,
        "EndTime": operation.ended,
        "OperationArn": operation.arn,
        "OperationState": operation.state,
        "OperationType": operation.type,
        "SourceClusterInfo": operation.source,
        "TargetClusterInfo": operation.target,
    }


def _info_v2(cluster: Cluster, operation: Operation) -> Output:
    described = _info(cluster, operation)
    return {
        **described,
        "ClusterType": "PROVISIONED",
        "StartTime": operation.created,
        "Provisioned": {key: described[key] for key in ("SourceClusterInfo", "TargetClusterInfo")},
    }
