"""What S3 refuses in the rules of a bucket's lifecycle.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html and API_LifecycleExpiration,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.cloud.service.errors import AwsError

_ACTIONS = {"Expiration", "Transitions", "Transition", "NoncurrentVersionExpiration"}
_ACTIONS |= {"NoncurrentVersionTransitions", "NoncurrentVersionTransition", "AbortIncompleteMultipartUpload"}
_POSITIVE = {
    "Expiration": "Days",
    "NoncurrentVersionExpiration": "NoncurrentDays",
    "AbortIncompleteMultipartUpload": "DaysAfterInitiation",
}
"""Action -> its number of days, of which there is at least one."""
_TRANSITIONS = {"Transition": "Days", "NoncurrentVersionTransition": "NoncurrentDays"}
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_LEAST_DAYS = 30
"""Before an object goes to a class for infrequent access."""


def refusal(rule: Mapping[str, Any]) -> AwsError | None:
    """Why this rule, in the form of botocore's model, is not set; None when it is."""
    if not any(name in _ACTIONS for name in rule):
        return AwsError("InvalidRequest", "At least one action needs to be specified in a rule", 400)
    return next((AwsError("InvalidArgument", message, 400) for message in _broken(rule)), None)


def _broken(rule: Mapping[str, Any]) -> Iterator[str]:
    for action, name in _POSITIVE.items():
        days = (rule.get(action) or {}).get(name)
        if days is not None and days < 1:
            yield f"'{name}' for {action} action must be a positive integer"
    for action, name in _TRANSITIONS.items():
        for transition in (*(rule.get(f"{action}s") or ()), rule.get(action) or {}):
            days, to = transition.get(name), transition.get("StorageClass")
            if days is not None and days < 0:
                yield f"'{name}' in {action} action must be nonnegative"
            if days is not None and to in _INFREQUENT and days < _LEAST_DAYS:
                least = f"greater than or equal to {_LEAST_DAYS} for storageClass '{to}'"
                yield f"'{name}' in {action} action must be {least}"
