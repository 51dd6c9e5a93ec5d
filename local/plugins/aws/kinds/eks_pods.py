"""What Pods of a cluster are given: add-ons, and IAM roles of ServiceAccounts."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Search
from local.plugins.aws.kinds.eks import READY, TAGS, awaited

_ADDON = {"clusterName": "{clusterName}", "addonName": "{addonName}"}
_ASSOCIATION = {"clusterName": "{clusterName}", "associationId": "{id}"}

KINDS = (
    Kind(
        type="aws:eks/addon:Addon",
        service="eks",
        inputs=Inputs(
            source="internal/service/eks/addon.go",
            in_place="addonVersion configurationValues serviceAccountRoleArn",
            replacing="addonName clusterName",
            steering="preserve resolveConflictsOnCreate resolveConflictsOnUpdate",
        ),
        create=Call("CreateAddon", {"resolveConflicts": "{resolveConflictsOnCreate}"}, match=True),
        id="{clusterName}:{addonName}",
        read=Call("DescribeAddon", _ADDON),
        found="addon",
        modify=Call("UpdateAddon", {**_ADDON, "resolveConflicts": "{resolveConflictsOnUpdate}"}, match=True),
        awaited=awaited(name="{clusterName}", addonName="{addonName}"),
        delete=Call("DeleteAddon", {**_ADDON, "preserve": "{preserve}"}),
        outputs={"arn": "addonArn", "addonVersion": "addonVersion"},
        ready=READY,
        tags=TAGS,
    ),
    Kind(
        type="aws:eks/podIdentityAssociation:PodIdentityAssociation",
        service="eks",
        inputs=Inputs(
            source="internal/service/eks/pod_identity_association.go",
            in_place="disableSessionTags roleArn targetRoleArn",
            replacing="clusterName namespace serviceAccount",
        ),
        create=Call("CreatePodIdentityAssociation", match=True),
        id=".association.associationId",
        search=Search(
            Call(
                "ListPodIdentityAssociations",
                {"clusterName": "{clusterName}", "namespace": "{namespace}", "serviceAccount": "{serviceAccount}"},
            ),
            "associations[].associationId",
        ),
        read=Call("DescribePodIdentityAssociation", _ASSOCIATION),
        found="association",
        modify=Call("UpdatePodIdentityAssociation", _ASSOCIATION, match=True),
        delete=Call("DeletePodIdentityAssociation", _ASSOCIATION),
        outputs={"associationArn": "associationArn", "associationId": "associationId"},
        tags=TAGS,
    ),
)
