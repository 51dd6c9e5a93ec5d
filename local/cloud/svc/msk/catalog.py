"""The operations that tell which Kafka versions there are."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.svc.msk.finding import cluster_of
from local.cloud.svc.msk.model import MskState
from local.cloud.svc.msk.versions import DEPRECATED, KRAFT, ZOOKEEPER, targets


class VersionOperations(Service[MskState]):
    def list_kafka_versions(self, state: MskState, inputs: Inputs) -> Output:
        status = {
            **dict.fromkeys(DEPRECATED, "DEPRECATED"),
            **dict.fromkeys((*ZOOKEEPER, *KRAFT), "ACTIVE"),
        }
        return {"KafkaVersions": [{"Version": v, "Status": s} for v, s in sorted(status.items())]}

    def get_compatible_kafka_versions(self, state: MskState, inputs: Inputs) -> Output:
        """Of one cluster, or of all versions."""
        sources = (
            (cluster_of(state, inputs).inputs["KafkaVersion"],)
            if "ClusterArn" in inputs
            else tuple(v for v in ("3.7.x.kraft", *KRAFT) if targets(v))
        )
        return {"CompatibleKafkaVersions": [{"SourceVersion": s, "TargetVersions": targets(s)} for s in sources]}
