"""MSK configurations: named revisions of server.properties that clusters refer to."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.model import Cluster, Configuration, MskState, Revision, server_properties
from local.cloud.svc.msk.properties import problems
from local.cloud.svc.msk.versions import DEPRECATED, KRAFT, ZOOKEEPER

CONFIGURATIONS, REVISIONS = 100, 50
"""Quotas: https://docs.aws.amazon.com/msk/latest/developerguide/limits.html"""
VERSIONS = (*DEPRECATED, *ZOOKEEPER, *KRAFT)

_ARN = re.compile(r"arn:aws[\w-]*:kafka:[\w-]+:\d{12}:configuration/[^/]+/[\w-]+")


class ConfigurationOperations(Service[MskState]):
    """The MSK operations on configurations."""

    def create_configuration(self, state: MskState, inputs: Inputs) -> Output:
        _check_new(state, inputs)
        if any(known.name == inputs["Name"] for known in state.configurations.values()):
            raise AwsError("ConflictException", f"A configuration with the name {inputs['Name']} already exists.")
        identifier = f"{secrets.token_hex(4)}-{secrets.token_hex(6)}-1"
        arn = self.context.arn("kafka", state.region, f"configuration/{inputs['Name']}/{identifier}")
        now = datetime.now(UTC)
        made = Configuration(inputs["Name"], arn, inputs.get("Description", ""), inputs.get("KafkaVersions", []), now)
        made.revisions.append(_revision(inputs, now))
        state.configurations[arn] = made
        return _described(made)

    def update_configuration(self, state: MskState, inputs: Inputs) -> Output:
        known = configuration(state, inputs["Arn"])
        if len(known.revisions) >= REVISIONS:
            raise AwsError("BadRequestException", f"A configuration has at most {REVISIONS} revisions.")
        known.revisions.append(_revision(inputs, datetime.now(UTC)))
        return _described(known)

    def describe_configuration(self, state: MskState, inputs: Inputs) -> Output:
        return _described(configuration(state, inputs["Arn"]))

    def describe_configuration_revision(self, state: MskState, inputs: Inputs) -> Output:
        known, number = configuration(state, inputs["Arn"]), int(inputs["Revision"])
        if not 1 <= number <= len(known.revisions):
            raise AwsError("NotFoundException", f"Revision {number} of {known.arn} does not exist.")
        return {
            "Arn": known.arn,
            "ServerProperties": known.revisions[number - 1].properties,
            **_numbered(known, number),
        }

    def list_configurations(self, state: MskState, inputs: Inputs) -> Output:
        return {"Configurations": [_described(known) for known in state.configurations.values()]}

    def list_configuration_revisions(self, state: MskState, inputs: Inputs) -> Output:
        known = configuration(state, inputs["Arn"])
        return {"Revisions": [_numbered(known, number) for number in range(1, len(known.revisions) + 1)]}

    def delete_configuration(self, state: MskState, inputs: Inputs) -> Output:
        known = configuration(state, inputs["Arn"])
        users = [cluster.name for cluster in state.clusters.values() if known.arn in _used(cluster)]
        if users:
            raise AwsError("BadRequestException", f"The configuration is in use by {', '.join(users)}.")
        del state.configurations[known.arn]
        return {"Arn": known.arn, "State": "DELETING"}


def configuration(state: MskState, arn: str) -> Configuration:
    """The configuration; raises AwsError when it does not exist."""
    if not _ARN.fullmatch(arn):
        raise AwsError("BadRequestException", f"{arn} is not the ARN of a configuration.")
    known = state.configurations.get(arn)
    if known is None:
        raise AwsError("NotFoundException", f"The configuration {arn} does not exist.")
    return known


def _used(cluster: Cluster) -> set[str]:
    """ARNs of the configurations that the cluster has, and is getting."""
    operation = cluster.operation
    changes = (cluster.inputs, operation.change if operation else {})
    return {parameters["ConfigurationInfo"]["Arn"] for parameters in changes if "ConfigurationInfo" in parameters}


def check_configuration(state: MskState, info: dict[str, Any] | None, version: str) -> None:
    """Raises AwsError unless a cluster of this Kafka version can have the configuration of ConfigurationInfo."""
    if info is None:
        return
    known = state.configurations.get(info["Arn"])
    if known is None:
        raise AwsError("BadRequestException", f"The configuration {info['Arn']} does not exist.")
    if not 1 <= info["Revision"] <= len(known.revisions):
        raise AwsError("BadRequestException", f"Revision {info['Revision']} of {info['Arn']} does not exist.")
    if known.versions and version not in known.versions:
        raise AwsError("BadRequestException", f"The configuration is for {', '.join(known.versions)}, not {version}.")


def _check_new(state: MskState, inputs: Inputs) -> None:
    """https://docs.aws.amazon.com/msk/1.0/apireference/configurations.html and the quotas in the user guide."""
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z-]*", inputs["Name"]):
        raise AwsError("BadRequestException", "Name takes letters, digits and hyphens, and no hyphen first.")
    unknown = [version for version in inputs.get("KafkaVersions", []) if version not in VERSIONS]
    if unknown:
        raise AwsError("BadRequestException", f"Unsupported KafkaVersion [{', '.join(unknown)}].")
    if len(state.configurations) >= CONFIGURATIONS:
        raise AwsError("BadRequestException", f"An account has at most {CONFIGURATIONS} configurations.")


def _revision(inputs: Inputs, now: datetime) -> Revision:
    text: Any = inputs["ServerProperties"]
    text = text.encode() if isinstance(text, str) else bytes(text)
    try:
        wrong = problems(server_properties(text))
    except ValueError as error:
        raise AwsError("BadRequestException", f"ServerProperties has a line that is no property: {error}") from error
    if wrong:
        raise AwsError("BadRequestException", wrong)
    return Revision(text, inputs.get("Description", ""), now)


def _numbered(known: Configuration, number: int) -> Output:
    revision = known.revisions[number - 1]
    return {"CreationTime": revision.created, "Description": revision.description, "Revision": number}


def _described(known: Configuration) -> Output:
    return {
        "Arn": known.arn,
        "CreationTime": known.created,
        "Description": known.description,
        "KafkaVersions": known.versions,
        "LatestRevision": _numbered(known, len(known.revisions)),
        "Name": known.name,
        "State": "ACTIVE",
    }
