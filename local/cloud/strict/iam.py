"""AWS managed policies belong to AWS. Source: IAM User Guide, "Managed policies and inline policies"."""

from __future__ import annotations

from local.cloud.service.errors import AwsError
from local.cloud.strict.request import Rules, ServiceRequest

_CHANGES = ("DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion", "SetDefaultPolicyVersion")
_TAGS = ("TagPolicy", "UntagPolicy")


def is_of_aws(arn: str) -> bool:
    return arn.startswith("arn:aws:iam::aws:policy/")


def _changed(request: ServiceRequest) -> None:
    if is_of_aws(arn := request.inputs.get("PolicyArn", "")):
        message = f"User: {request.caller} is not authorized to perform: iam:{request.operation} on resource: {arn}"
        raise AwsError("AccessDenied", message, 403)


def _tagged(request: ServiceRequest) -> None:
    if is_of_aws(request.inputs.get("PolicyArn", "")):
        raise AwsError("InvalidInput", "Tags not supported for policies in this domain", 400)


RULES: Rules = {("iam", name): _changed for name in _CHANGES} | {("iam", name): _tagged for name in _TAGS}
