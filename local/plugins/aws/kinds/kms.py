"""Keys and their aliases."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Search, SeparateCall, Tags, Waiter
from local.plugins.provider.values import Values


def _rotation(old: Values, known: Values) -> list[Call]:
    verb = "Enable" if known["enableKeyRotation"] else "Disable"
    return [Call(f"{verb}KeyRotation", {"KeyId": "{id}"})]


_DELETE = Call("ScheduleKeyDeletion", {"KeyId": "{id}", "PendingWindowInDays": "{deletionWindowInDays}"})
_DELETED = Waiter("KeyState", frozenset({"PendingDeletion", "PendingReplicaDeletion"}))
_DESCRIPTION = SeparateCall(
    ("description",),
    Call("UpdateKeyDescription", {"KeyId": "{id}", "Description": "{description}"}),
    path="Description",
    created=True,
)
_POLICY = SeparateCall(
    ("policy",),
    Call("PutKeyPolicy", {"KeyId": "{id}", "PolicyName": "default", "Policy": "{policy}"}),
    lookup=Call("GetKeyPolicy", {"KeyId": "{id}", "PolicyName": "default"}),
    path="Policy",
    created=True,
)
_TAGS = Tags(
    create="Tags",
    form="kms",
    set=Call("TagResource", {"KeyId": "{id}", "Tags": "{tagSet}"}),
    unset=Call("UntagResource", {"KeyId": "{id}", "TagKeys": "{tagKeys}"}),
    lookup=Call("ListResourceTags", {"KeyId": "{id}"}),
)

KINDS = (
    Kind(
        type="aws:kms/key:Key",
        service="kms",
        create=Call("CreateKey", {"BypassPolicyLockoutSafetyCheck": "{bypassPolicyLockoutSafetyCheck}"}, match=True),
        id=".KeyMetadata.KeyId",
        search=Search(Call("ListKeys"), "Keys[].KeyId", by_tags=True),
        read=Call("DescribeKey", {"KeyId": "{id}"}),
        found="KeyMetadata",
        delete=_DELETE,
        separate=(
            SeparateCall(
                ("enableKeyRotation",),
                _rotation,
                lookup=Call("GetKeyRotationStatus", {"KeyId": "{id}"}),
                path="KeyRotationEnabled",
                unless=False,
            ),
            _DESCRIPTION,
            _POLICY,
        ),
        documents=frozenset({"policy"}),
        inputs=Inputs(
            source="internal/service/kms/key.go",
            in_place="description policy enableKeyRotation",
            replacing="customKeyStoreId customerMasterKeySpec keyUsage multiRegion xksKeyId",
            steering="bypassPolicyLockoutSafetyCheck deletionWindowInDays",
            absent={"enableKeyRotation": False},
        ),
        outputs={"arn": "Arn", "keyId": "KeyId"},
        ready=Waiter("KeyState", frozenset({"Enabled"})),
        deleted=_DELETED,
        tags=_TAGS,
    ),
    Kind(
        type="aws:kms/replicaKey:ReplicaKey",
        service="kms",
        create=Call(
            "ReplicateKey",
            {
                "KeyId": "{primaryKeyId}",
                "ReplicaRegion": "{region}",
                "BypassPolicyLockoutSafetyCheck": "{bypassPolicyLockoutSafetyCheck}",
            },
            match=True,
            region="primaryRegion",
        ),
        id="{primaryKeyId}",
        derive={
            "primaryKeyId": lambda known: str(known.get("primaryKeyArn")).rpartition("/")[2],
            "primaryRegion": lambda known: (str(known.get("primaryKeyArn")).split(":") + [""] * 4)[3],
        },
        derived_from=frozenset({"primaryKeyArn"}),
        read=Call("DescribeKey", {"KeyId": "{id}"}),
        found="KeyMetadata",
        delete=_DELETE,
        separate=(_DESCRIPTION, _POLICY),
        documents=frozenset({"policy"}),
        observe={"primaryKeyArn": "MultiRegionConfiguration.PrimaryKey.Arn"},
        inputs=Inputs(
            source="internal/service/kms/replica_key.go",
            in_place="description policy",
            replacing="primaryKeyArn",
            steering="bypassPolicyLockoutSafetyCheck deletionWindowInDays",
        ),
        outputs={"arn": "Arn", "keyId": "KeyId"},
        ready=Waiter("KeyState", frozenset({"Enabled"})),
        deleted=_DELETED,
        tags=_TAGS,
    ),
    Kind(
        type="aws:kms/alias:Alias",
        service="kms",
        create=Call("CreateAlias", {"AliasName": "{name}", "TargetKeyId": "{targetKeyId}"}),
        id="{name}",
        read=Call("ListAliases"),
        found="Aliases[?AliasName == '{id}'] | [0]",
        modify=Call("UpdateAlias", {"AliasName": "{id}"}, match=True),
        delete=Call("DeleteAlias", {"AliasName": "{id}"}),
        name="name",
        rename={"name": "AliasName"},
        inputs=Inputs(source="internal/service/kms/alias.go", in_place="targetKeyId", replacing="name"),
        outputs={"arn": "AliasArn"},
    ),
)
