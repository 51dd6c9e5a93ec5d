"""Tags of domains. https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-awsresourcetagging.html"""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.service.tags import as_list, from_list
from local.cloud.svc.opensearch.finding import domain_with
from local.cloud.svc.opensearch.model import OpenSearchState

_MOST = 50


class TagOperations(Service[OpenSearchState]):
    def add_tags(self, state: OpenSearchState, inputs: Inputs) -> Output:
        """A tag of a key that is there replaces it."""
        domain = domain_with(state, inputs["ARN"], "ValidationException")
        check_tags(inputs["TagList"])
        after = {**domain.tags, **from_list(inputs["TagList"])}
        if len(after) > _MOST:
            raise AwsError("LimitExceededException", f"A domain has at most {_MOST} tags.")
        domain.tags = after
        return {}

    def remove_tags(self, state: OpenSearchState, inputs: Inputs) -> Output:
        domain = domain_with(state, inputs["ARN"], "ValidationException")
        domain.tags = {key: value for key, value in domain.tags.items() if key not in inputs["TagKeys"]}
        return {}

    def list_tags(self, state: OpenSearchState, inputs: Inputs) -> Output:
        return {"TagList": as_list(domain_with(state, inputs["ARN"], "ResourceNotFoundException").tags)}


def check_tags(tags: list[dict[str, str]]) -> None:
    """Raises AwsError for tags that AWS refuses."""
    keys = [tag["Key"] for tag in tags]
    if len(keys) > _MOST:
        raise AwsError("LimitExceededException", f"A domain has at most {_MOST} tags.")
    if len(set(keys)) < len(keys):
        raise AwsError("ValidationException", "Tag keys must be unique.")
    for key in keys:
        if key.lower().startswith("aws:"):
            raise AwsError("ValidationException", f"The tag key {key} has a prefix that is reserved.")
