"""Replicators: create, describe, list, update, delete."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.moto_backends import lookups
from local.cloud.moto_backends.roles import role_of
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk import replicator_rules as rules
from local.cloud.svc.msk.model import Cluster, MskState, Replicator
from local.cloud.svc.msk.replication import changed, completed, described, summary
from local.cloud.svc.msk.security import iam_enabled, iam_from_other_vpcs

_ARN = re.compile(r"arn:aws[\w-]*:kafka:[\w-]+:\d{12}:replicator/[^/]+/[\w-]+")


class ReplicatorOperations(Service[MskState]):
    def create_replicator(self, state: MskState, inputs: Inputs) -> Output:
        """In the region of the target; the control loop starts it."""
        name = inputs["ReplicatorName"]
        rules.check_creation(inputs, self._facts(state, inputs))
        if any(known.name == name for known in state.replicators.values()):
            raise AwsError("ConflictException", "A resource with this name already exists.")
        identifier = f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-{secrets.token_hex(6)}-1"
        arn = self.context.arn("kafka", state.region, f"replicator/{name}/{identifier}")
        tags = dict(inputs.pop("Tags", {}))
        made = Replicator(state.region, name, arn, completed(inputs), datetime.now(UTC), tags)
        state.replicators[arn] = made
        return _answer(made)

    def describe_replicator(self, state: MskState, inputs: Inputs) -> Output:
        return described(_found(state, inputs))

    def list_replicators(self, state: MskState, inputs: Inputs) -> Output:
        prefix = inputs.get("ReplicatorNameFilter", "")
        return {"Replicators": [summary(one) for one in state.replicators.values() if one.name.startswith(prefix)]}

    def update_replication_info(self, state: MskState, inputs: Inputs) -> Output:
        found = _found(state, inputs)
        _check_version(found, inputs["CurrentVersion"])
        if found.state != "RUNNING":
            raise AwsError("BadRequestException", f"The replicator is {found.state}; it must be RUNNING for this.")
        rules.refuse_unsupported(inputs)
        for end in ("SourceKafkaClusterArn", "TargetKafkaClusterArn"):
            if inputs.get(end) != found.info[end]:
                raise AwsError("BadRequestException", f"{end} must be that of the replicator, {found.info[end]}.")
        after = changed(found, inputs)
        if message := rules.bad_patterns(after["ReplicationInfoList"][0]):
            raise AwsError("BadRequestException", message)
        found.inputs, found.state = after, "UPDATING"
        return _answer(found)

    def delete_replicator(self, state: MskState, inputs: Inputs) -> Output:
        found = _found(state, inputs)
        if "CurrentVersion" in inputs:
            _check_version(found, inputs["CurrentVersion"])
        if found.state == "DELETING":
            raise AwsError("BadRequestException", "The replicator is being deleted already.")
        found.state = "DELETING"
        return _answer(found)

    def _facts(self, state: MskState, inputs: Inputs) -> rules.Facts:
        known: dict[str, Cluster] = {arn: c for each in self.states() for arn, c in each.clusters.items()}
        named = {
            arn: (known[arn], one.get("VpcConfig", {}).get("SubnetIds", []))
            for arn, one in zip(rules.arns(inputs), inputs["KafkaClusters"], strict=True)
            if arn in known
        }
        clusters = {arn: _cluster_facts(cluster, asked) for arn, (cluster, asked) in named.items()}
        role = role_of(inputs["ServiceExecutionRoleArn"])
        trusted = role is not None and "kafka.amazonaws.com" in str(role.trust)
        return rules.Facts(state.region, clusters, trusted, len(state.replicators))


def _cluster_facts(cluster: Cluster, subnets: list[str]) -> rules.ClusterFacts:
    group = cluster.inputs["BrokerNodeGroupInfo"]
    vpc = lookups.subnets(cluster.region, group["ClientSubnets"][:1])[0].vpc
    return rules.ClusterFacts(
        cluster.state,
        len(cluster.addresses),
        group["InstanceType"],
        iam_enabled(cluster.inputs),
        iam_from_other_vpcs(cluster.inputs),
        frozenset(subnet for subnet in subnets if _vpc_of(cluster.region, subnet) == vpc),
    )


def _vpc_of(region: str, subnet: str) -> str | None:
    try:
        return lookups.subnets(region, [subnet])[0].vpc
    except KeyError:
        return None


def _found(state: MskState, inputs: dict[str, Any]) -> Replicator:
    arn = inputs["ReplicatorArn"]
    if not _ARN.fullmatch(arn):
        raise AwsError("BadRequestException", f"{arn} is not the ARN of a replicator.")
    if arn not in state.replicators:
        raise AwsError("NotFoundException", f"The replicator {arn} does not exist.")
    return state.replicators[arn]


def _check_version(found: Replicator, version: str) -> None:
    if version != found.version:
        raise AwsError("BadRequestException", f"The current version of the replicator is {found.version}.")


def _answer(found: Replicator) -> Output:
    return {"ReplicatorArn": found.arn, "ReplicatorName": found.name, "ReplicatorState": found.state}
