"""Keys that are disabled or will be deleted, what a key is for, and who may change its policy.

Source: AWS KMS Developer Guide, "Key states of AWS KMS keys", "Key spec reference" and "Default key policy"; AWS KMS
API Reference, CreateKey, PutKeyPolicy and ScheduleKeyDeletion.
"""

from __future__ import annotations

from collections.abc import Iterator

from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.utils import _deserialize_ciphertext_blob

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.multi_region_keys import primary_region, related
from local.cloud.service.errors import AwsError
from local.cloud.strict.kms import creation, lockout, states, usages
from local.cloud.strict.request import Rule, Rules, ServiceRequest, in_turn, refuse


def _state(request: ServiceRequest) -> None:
    for key in _keys(request):
        refuse(states.refusal(request.operation, key.key_state, key.arn))


def _usage(request: ServiceRequest) -> None:
    for key in _keys(request):
        refuse(usages.refusal(request.operation, key.key_usage, key.arn))


def _rotation(request: ServiceRequest) -> None:
    for key in _keys(request):
        refuse(usages.refusal_of_rotation(key.key_spec, key.arn))


def _creation(request: ServiceRequest) -> None:
    inputs = request.inputs
    spec = inputs.get("KeySpec") or inputs.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    refuse(creation.refusal(spec, inputs.get("KeyUsage")))


def _tags(request: ServiceRequest) -> None:
    refuse(creation.refusal_of_tags([tag.get("TagKey", "") for tag in request.inputs.get("Tags") or ()]))


def _policy(request: ServiceRequest) -> None:
    policy = request.inputs.get("Policy")
    if policy is not None and not request.inputs.get("BypassPolicyLockoutSafetyCheck"):
        callers = lockout.names(request.caller, request.session, ACCOUNT)
        refuse(lockout.refusal(policy, callers, ACCOUNT))


def _window(request: ServiceRequest) -> None:
    days = request.inputs.get("PendingWindowInDays", 30)
    if days not in range(7, 31):
        message = f"PendingWindowInDays is {days}; it must be from 7 to 30."
        raise AwsError("ValidationException", message, 400)


def _keys(request: ServiceRequest) -> Iterator[Key]:
    """The keys that the request names, also by what they have encrypted. An unknown name is moto's to refuse."""
    kms = kms_backends[ACCOUNT][request.region]
    for id in _ids(request, kms):
        if id in kms.keys:
            yield kms.keys[id]


def _ids(request: ServiceRequest, kms: KmsBackend) -> Iterator[str]:
    for member in ("KeyId", "TargetKeyId", "DestinationKeyId", "SourceKeyId"):
        if name := request.inputs.get(member):
            yield kms.any_id_to_key_id(name) if _is_known(kms, name) else name
    if blob := request.inputs.get("CiphertextBlob"):
        try:
            yield _deserialize_ciphertext_blob(blob).key_id
        except Exception:
            return  # not a ciphertext: moto says so


def _is_known(kms: KmsBackend, name: str) -> bool:
    alias = kms.get_alias_name(name)
    return not alias.startswith("alias/") or any(alias in key.aliases for key in kms.keys.values())


def _alias(request: ServiceRequest) -> None:
    if request.inputs.get("AliasName", "").startswith("alias/aws/"):
        raise AwsError("NotAuthorizedException", "Aliases that begin with alias/aws/ are those of AWS.")


def _of_primary(request: ServiceRequest) -> None:
    """Only the primary of a multi-Region key is replicated, and only to one of its replicas its role moves."""
    kms, inputs = kms_backends[ACCOUNT][request.region], request.inputs
    key = kms.keys.get(kms.get_key_id(inputs.get("KeyId", "")))
    if key is None:
        return
    if not key.multi_region:
        raise AwsError("UnsupportedOperationException", f"{key.arn} is no multi-Region key.")
    if key.region != primary_region(key):
        raise AwsError("UnsupportedOperationException", f"{key.arn} is a replica. Call in {primary_region(key)}.")
    to = inputs.get("PrimaryRegion")
    if to is None:
        return
    if to == key.region:
        raise AwsError("UnsupportedOperationException", f"{key.arn} is the primary key already.")
    replica = next((each for each in related(key.id) if each.region == to), None)
    if replica is None:
        raise AwsError("NotFoundException", f"{key.arn} has no replica in {to}.")
    refuse(states.refusal(request.operation, replica.key_state, replica.arn))


_OF_OPERATIONS: tuple[dict[str, Rule], ...] = (
    dict.fromkeys((*states.NEEDS_ENABLED, *states.NEEDS_LIVING, "CancelKeyDeletion"), _state),
    dict.fromkeys(usages.OF_OPERATIONS, _usage),
    dict.fromkeys(("CreateAlias", "UpdateAlias", "DeleteAlias"), _alias),
    dict.fromkeys(("ReplicateKey", "UpdatePrimaryRegion"), _of_primary),
    dict.fromkeys(("EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"), _rotation),
    {"CreateKey": _creation, "ScheduleKeyDeletion": _window},
    dict.fromkeys(("CreateKey", "ReplicateKey", "TagResource"), _tags),
    dict.fromkeys(("CreateKey", "ReplicateKey", "PutKeyPolicy"), _policy),
)
RULES: Rules = {
    ("kms", name): in_turn(*(rules[name] for rules in _OF_OPERATIONS if name in rules))
    for name in {name for rules in _OF_OPERATIONS for name in rules}
}
