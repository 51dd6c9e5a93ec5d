"""The EKS operations on tags of any resource, by its ARN."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.model import EksState
from local.cloud.svc.eks.rules.syntax import bad_tags, is_arn


class TagOperations(Service[EksState]):
    def tag_resource(self, state: EksState, inputs: Inputs) -> Output:
        tags = _tags(state, inputs)
        problem = bad_tags({**tags, **inputs["tags"]})
        if problem:
            raise AwsError("BadRequestException", problem)
        tags.update(inputs["tags"])
        return {}

    def untag_resource(self, state: EksState, inputs: Inputs) -> Output:
        tags = _tags(state, inputs)
        for key in inputs["tagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, state: EksState, inputs: Inputs) -> Output:
        return {"tags": _tags(state, inputs)}


def _tags(state: EksState, inputs: Inputs) -> dict[str, str]:
    arn = inputs["resourceArn"]
    if not is_arn(arn):
        raise AwsError("BadRequestException", f"Invalid Resource Arn: {arn}")
    for cluster in state.clusters.values():
        parts = (cluster.node_groups, cluster.addons, cluster.access, cluster.associations)
        for resource in (cluster, *(known for part in parts for known in part.values())):
            if resource.arn == arn:
                return resource.inputs["tags"]
    raise AwsError("NotFoundException", f"Resource was not found: {arn}")
