"""What a region encrypts every EBS volume with."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind

KINDS = (
    Kind(
        type="aws:ebs/encryptionByDefault:EncryptionByDefault",
        service="ec2",
        create=Call("EnableEbsEncryptionByDefault"),
        id="ebs-encryption",
        upsert=True,
        read=Call("GetEbsEncryptionByDefault"),
        found="EbsEncryptionByDefault && @",
        delete=Call("DisableEbsEncryptionByDefault"),
        inputs=Inputs(source="internal/service/ec2/ebs_encryption_by_default.go"),
    ),
    Kind(
        type="aws:ebs/defaultKmsKey:DefaultKmsKey",
        service="ec2",
        create=Call("ModifyEbsDefaultKmsKeyId", {"KmsKeyId": "{keyArn}"}),
        id="{keyArn}",
        upsert=True,
        read=Call("GetEbsDefaultKmsKeyId"),
        found="KmsKeyId == '{id}' && @",
        delete=Call("ResetEbsDefaultKmsKeyId"),
        observe={"keyArn": "KmsKeyId"},
        inputs=Inputs(source="internal/service/ec2/ebs_default_kms_key.go", replacing="keyArn"),
    ),
)
