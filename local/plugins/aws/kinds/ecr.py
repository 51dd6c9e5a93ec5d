"""Repositories of images, their lifecycle, and who may pull."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Convert, Kind, SeparateCall, Tags

_REPOSITORY = {"repositoryName": "{id}"}
_POLICY = {"repositoryName": "{repository}", "policyText": "{policy}"}
_LIFECYCLE = {"repositoryName": "{repository}", "lifecyclePolicyText": "{policy}"}

KINDS = (
    Kind(
        type="aws:ecr/repository:Repository",
        service="ecr",
        create=Call("CreateRepository", match=True),
        id="{name}",
        read=Call("DescribeRepositories", {"repositoryNames": ["{id}"]}),
        found="repositories[0]",
        delete=Call("DeleteRepository", {**_REPOSITORY, "force": "{forceDelete}"}),
        name="name",
        rename={"name": "repositoryName", "encryptionConfigurations": "encryptionConfiguration"},
        convert={
            "encryptionConfigurations": Convert(lambda configs: configs[0], lambda config: [config]),
        },
        separate=(
            SeparateCall(
                ("imageTagMutability",),
                Call("PutImageTagMutability", {**_REPOSITORY, "imageTagMutability": "{imageTagMutability}"}),
                path="imageTagMutability",
                created=True,
            ),
            SeparateCall(
                ("imageScanningConfiguration",),
                Call(
                    "PutImageScanningConfiguration",
                    {**_REPOSITORY, "imageScanningConfiguration": "{imageScanningConfiguration}"},
                ),
                path="imageScanningConfiguration",
                created=True,
            ),
        ),
        inputs=Inputs(
            source="internal/service/ecr/repository.go",
            in_place="imageTagMutability imageScanningConfiguration",
            replacing="name encryptionConfigurations",
            steering="forceDelete",
            absent={"imageTagMutability": "MUTABLE"},
        ),
        outputs={"arn": "repositoryArn", "registryId": "registryId", "repositoryUrl": "repositoryUri"},
        tags=Tags(
            create="tags",
            set=Call("TagResource", {"resourceArn": "{arn}", "tags": "{tagSet}"}),
            unset=Call("UntagResource", {"resourceArn": "{arn}", "tagKeys": "{tagKeys}"}),
            path="tags",
            lookup=Call("ListTagsForResource", {"resourceArn": "{arn}"}),
        ),
    ),
    Kind(
        type="aws:ecr/lifecyclePolicy:LifecyclePolicy",
        service="ecr",
        create=Call("PutLifecyclePolicy", _LIFECYCLE),
        modify=Call("PutLifecyclePolicy", _LIFECYCLE),
        id="{repository}",
        upsert=True,
        read=Call("GetLifecyclePolicy", {"repositoryName": "{repository}"}),
        found="@",
        delete=Call("DeleteLifecyclePolicy", {"repositoryName": "{repository}"}),
        observe={"repository": "", "policy": "lifecyclePolicyText"},
        documents=frozenset({"policy"}),
        inputs=Inputs(source="internal/service/ecr/lifecycle_policy.go", in_place="policy", replacing="repository"),
        outputs={"registryId": "registryId"},
    ),
    Kind(
        type="aws:ecr/repositoryPolicy:RepositoryPolicy",
        service="ecr",
        create=Call("SetRepositoryPolicy", _POLICY),
        modify=Call("SetRepositoryPolicy", _POLICY),
        id="{repository}",
        upsert=True,
        read=Call("GetRepositoryPolicy", {"repositoryName": "{repository}"}),
        found="@",
        delete=Call("DeleteRepositoryPolicy", {"repositoryName": "{repository}"}),
        observe={"repository": "", "policy": "policyText"},
        documents=frozenset({"policy"}),
        inputs=Inputs(source="internal/service/ecr/repository_policy.go", in_place="policy", replacing="repository"),
        outputs={"registryId": "registryId"},
    ),
)
