"""Launch templates: every change makes another version, which becomes the default one."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Search, SeparateCall
from local.plugins.aws.kinds.ec2 import tagged
from local.plugins.provider.values import Values

_DATA = {"BlockDeviceMappings": "{apiMappings}", "MetadataOptions": "{metadataOptions}"}
_ID = {"LaunchTemplateId": "{id}"}
_FLAGS = ("encrypted", "deleteOnTermination")
"""Booleans that the SDK has as text."""


def _mappings(known: Values) -> Any:
    given = known.get("blockDeviceMappings")
    if not isinstance(given, list):
        return None
    return [{**mapping, "ebs": _disk(mapping["ebs"])} if "ebs" in mapping else mapping for mapping in given]


def _disk(ebs: Values) -> Values:
    return {key: str(value).lower() == "true" if key in _FLAGS else value for key, value in ebs.items()}


def _version(old: Values, known: Values) -> list[Call]:
    """A new version and, where the declaration says so, its number as the default's: AWS takes no "$Latest" there."""
    latest = int(known.get("latestVersion") or 0) + 1
    default = Call("ModifyLaunchTemplate", {**_ID, "DefaultVersion": str(latest)})
    return [
        Call("CreateLaunchTemplateVersion", {**_ID, "LaunchTemplateData": _DATA}),
        *([default] if known.get("updateDefaultVersion") else []),
    ]


def _version_of_metadata(old: Values, known: Values) -> list[Call]:
    """None where a change of the disks makes the version with both."""
    disks = old.get("blockDeviceMappings") != known.get("blockDeviceMappings")
    return [] if disks else _version(old, known)


_OF_VERSION = Call("DescribeLaunchTemplateVersions", {**_ID, "Versions": ["$Latest"]})
_LATEST = "LaunchTemplateVersions[0].LaunchTemplateData"

KINDS = (
    Kind(
        type="aws:ec2/launchTemplate:LaunchTemplate",
        service="ec2",
        create=Call("CreateLaunchTemplate", {"LaunchTemplateName": "{name}", "LaunchTemplateData": _DATA}),
        id=".LaunchTemplate.LaunchTemplateId",
        search=Search(
            Call("DescribeLaunchTemplates", {"LaunchTemplateNames": ["{name}"]}), "LaunchTemplates[].LaunchTemplateId"
        ),
        read=Call("DescribeLaunchTemplates", {"LaunchTemplateIds": ["{id}"]}),
        found="LaunchTemplates[0]",
        delete=Call("DeleteLaunchTemplate", _ID),
        name="name",
        rename={"name": "LaunchTemplateName"},
        derive={"apiMappings": _mappings},
        derived_from=frozenset({"blockDeviceMappings"}),
        separate=(
            SeparateCall(
                ("blockDeviceMappings",),
                _version,
                lookup=_OF_VERSION,
                path=f"{_LATEST}.BlockDeviceMappings",
                created=True,
            ),
            SeparateCall(
                ("metadataOptions",),
                _version_of_metadata,
                lookup=_OF_VERSION,
                path=f"{_LATEST}.MetadataOptions",
                created=True,
            ),
        ),
        inputs=Inputs(
            source="internal/service/ec2/ec2_launch_template.go",
            in_place="blockDeviceMappings metadataOptions",
            replacing="name",
            steering="updateDefaultVersion",
            computed={
                "latestVersion": "blockDeviceMappings metadataOptions",
                "defaultVersion": "blockDeviceMappings metadataOptions",
            },
        ),
        outputs={"latestVersion": "LatestVersionNumber", "defaultVersion": "DefaultVersionNumber"},
        tags=tagged("launch-template"),
    ),
)
