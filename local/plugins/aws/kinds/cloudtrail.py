"""Trails: where CloudTrail writes the calls of an account. Here a trail is a record; nothing writes into its bucket."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, SeparateCall, Tags
from local.plugins.provider.values import Values


def _logging(old: Values, known: Values) -> list[Call]:
    return [Call("StartLogging" if known["enableLogging"] else "StopLogging", {"Name": "{id}"})]


KINDS = (
    Kind(
        type="aws:cloudtrail/trail:Trail",
        service="cloudtrail",
        create=Call("CreateTrail", match=True),
        id="{name}",
        read=Call("GetTrail", {"Name": "{id}"}),
        found="Trail",
        modify=Call("UpdateTrail", {"Name": "{id}"}, match=True),
        delete=Call("DeleteTrail", {"Name": "{id}"}),
        name="name",
        observe={"enableLogFileValidation": "LogFileValidationEnabled"},
        separate=(
            SeparateCall(
                ("enableLogging",), _logging, Call("GetTrailStatus", {"Name": "{id}"}), "IsLogging", unless=False
            ),
        ),
        inputs=Inputs(
            source="internal/service/cloudtrail/trail.go",
            in_place="enableLogFileValidation enableLogging includeGlobalServiceEvents isMultiRegionTrail kmsKeyId "
            "s3BucketName s3KeyPrefix",
            replacing="name",
            absent={"enableLogFileValidation": False, "includeGlobalServiceEvents": True, "isMultiRegionTrail": False},
        ),
        outputs={"arn": "TrailARN", "homeRegion": "HomeRegion"},
        tags=Tags(
            create="TagsList",
            set=Call("AddTags", {"ResourceId": "{arn}", "TagsList": "{tagSet}"}),
            unset=Call("RemoveTags", {"ResourceId": "{arn}", "TagsList": "{tagPairs}"}),
            path="ResourceTagList[0].TagsList",
            lookup=Call("ListTags", {"ResourceIdList": ["{arn}"]}),
        ),
    ),
)
