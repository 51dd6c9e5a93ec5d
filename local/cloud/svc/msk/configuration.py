"""MSK configurations: named revisions of server.properties that clusters refer to."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.model import Configuration, MskState, Revision, server_properties


class ConfigurationOperations(Service[MskState]):
    """The MSK operations on configurations."""

    def create_configuration(self, state: MskState, inputs: Inputs) -> Output:
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
        users = [
            c.name for c in state.clusters.values() if c.inputs.get("ConfigurationInfo", {}).get("Arn") == known.arn
        ]
        if users:
            raise AwsError("BadRequestException", f"The configuration is in use by {', '.join(users)}.")
        del state.configurations[known.arn]
        return {"Arn": known.arn, "State": "DELETING"}


def configuration(state: MskState, arn: str) -> Configuration:
    """The configuration; raises AwsError when it does not exist."""
    known = state.configurations.get(arn)
    if known is None:
        raise AwsError("NotFoundException", f"The configuration {arn} does not exist.")
    return known


def _revision(inputs: Inputs, now: datetime) -> Revision:
    text: Any = inputs["ServerProperties"]
    text = text.encode() if isinstance(text, str) else bytes(text)
    try:
        server_properties(text)
    except ValueError as error:
        raise AwsError("BadRequestException", f"ServerProperties has a line that is no property: {error}") from error
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
