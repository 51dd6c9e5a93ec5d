"""Keys with which other services encrypt: one that is disabled, being deleted or unknown encrypts nothing.

Source: AWS KMS Developer Guide, "Key states of AWS KMS keys"; the API reference of each service.
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.keys import kms_key
from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest, refuse

_OWN = "alias/aws/"
"""Keys of AWS, which are always enabled."""


def refusal(region: str, key: str | None, codes: dict[str, str], status: int | None = None) -> AwsError | None:
    """The service's error for the key's state: `codes` has one for each state, or one for all under an empty name.

    None for a key that can encrypt, and for what no key encrypts.
    """
    if not key or _OWN in key:
        return None
    found = kms_key(region, key)
    return AwsError(codes.get(found.state) or codes[""], found.trouble, status) if found.trouble else None


_S3 = {"Disabled": "KMS.DisabledException", "NotFound": "KMS.NotFoundException", "": "KMS.KMSInvalidStateException"}
_SQS = {"Disabled": "KmsDisabled", "NotFound": "KmsNotFound", "": "KmsInvalidState"}


def _secret(request: ServiceRequest) -> None:
    inputs = request.inputs
    known = secretsmanager_backends[ACCOUNT][request.region].secrets.get(inputs.get("SecretId", ""))
    key = inputs.get("KmsKeyId") or (getattr(known, "kms_key_id", None) if known else None)
    reads = request.operation == "GetSecretValue"
    if reads or {"SecretString", "SecretBinary"} & inputs.keys():
        refuse(refusal(request.region, key, {"": "DecryptionFailure" if reads else "EncryptionFailure"}))


def _object(request: ServiceRequest) -> None:
    """A key that the request names, the bucket's default, or the one that the object is encrypted with."""
    bucket = s3_backends[ACCOUNT]["aws"].buckets.get(request.inputs.get("Bucket", ""))
    if bucket is None:
        return
    if request.operation == "GetObject":
        found = s3_backends[ACCOUNT]["aws"].get_object(
            bucket.name, request.inputs["Key"], request.inputs.get("VersionId")
        )
        key = found.kms_key_id if found else None
    else:
        key = request.inputs.get("SSEKMSKeyId")
        if not key and not request.inputs.get("ServerSideEncryption"):
            key = _default_key(bucket.encryption)
    refuse(refusal(bucket.region_name, key, _S3, 400))


def _default_key(encryption: dict[str, Any] | None) -> str | None:
    rule = (encryption or {}).get("Rule") or {}
    return (rule.get("ApplyServerSideEncryptionByDefault") or {}).get("KMSMasterKeyID")


def _log_group(request: ServiceRequest) -> None:
    refuse(refusal(request.region, request.inputs.get("kmsKeyId"), {"": "InvalidParameterException"}))


def _message(request: ServiceRequest) -> None:
    name = request.inputs.get("QueueUrl", "").rpartition("/")[2]
    queue = sqs_backends[ACCOUNT][request.region].queues.get(name)
    refuse(refusal(request.region, getattr(queue, "kms_master_key_id", None), _SQS, 400))


RULES: Rules = {
    **{("secretsmanager", name): _secret for name in ("PutSecretValue", "UpdateSecret", "GetSecretValue")},
    **{("s3", name): _object for name in ("PutObject", "CopyObject", "CreateMultipartUpload", "GetObject")},
    **{("logs", name): _log_group for name in ("CreateLogGroup", "AssociateKmsKey")},
    **{("sqs", name): _message for name in ("SendMessage", "SendMessageBatch", "ReceiveMessage")},
    ("secretsmanager", "CreateSecret"): _secret,
}
