"""AWS managed policies belong to AWS. Source: IAM User Guide, "Managed policies and inline policies"."""

from __future__ import annotations

from local.cloud.service.errors import AwsError

CHANGES = ("DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion", "SetDefaultPolicyVersion")
TAGS = ("TagPolicy", "UntagPolicy")


def refusal(operation: str, arn: str, caller: str) -> AwsError | None:
    """Why an operation on the policy with this ARN is refused; None when it is not."""
    if not arn.startswith("arn:aws:iam::aws:policy/"):
        return None
    if operation in TAGS:
        return AwsError("InvalidInput", "Tags not supported for policies in this domain", 400)
    message = f"User: {caller} is not authorized to perform: iam:{operation} on resource: {arn}"
    return AwsError("AccessDenied", message, 403)
