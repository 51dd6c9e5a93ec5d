"""Tags of clusters, configurations and replicators."""

from __future__ import annotations

import re

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.model import Cluster, Configuration, MskState, Replicator

_ARN = re.compile(r"arn:aws[\w-]*:kafka:[\w-]+:\d{12}:(cluster|configuration|replicator)/[^/]+/[\w-]+")


class TagOperations(Service[MskState]):
    def tag_resource(self, state: MskState, inputs: Inputs) -> Output:
        _tagged(state, inputs["ResourceArn"]).tags.update(inputs["Tags"])
        return {}

    def untag_resource(self, state: MskState, inputs: Inputs) -> Output:
        for key in inputs["TagKeys"]:
            _tagged(state, inputs["ResourceArn"]).tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, state: MskState, inputs: Inputs) -> Output:
        return {"Tags": _tagged(state, inputs["ResourceArn"]).tags}


def _tagged(state: MskState, arn: str) -> Cluster | Configuration | Replicator:
    if not _ARN.fullmatch(arn):
        raise AwsError("BadRequestException", f"{arn} is not the ARN of a resource of Amazon MSK.")
    found = state.clusters.get(arn) or state.configurations.get(arn) or state.replicators.get(arn)
    if found is None:
        raise AwsError("NotFoundException", f"{arn} does not exist.")
    return found
