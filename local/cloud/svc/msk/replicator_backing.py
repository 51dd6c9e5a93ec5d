"""The process of a replicator."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local.cloud.context import CloudContext
from local.cloud.metrics import put
from local.cloud.svc.msk.backing import ClusterBacking
from local.cloud.svc.msk.model import Cluster, MskState, Replicator
from local.cloud.svc.msk.replication import plan
from local.cloud.svc.msk.replicator_rules import region_of
from local.engines.kafka.replicator import Replicator as Engine
from local.engines.kafka.replicator.measures import Measure
from local.engines.runtime.process import EngineFailed, Process
from local.loss.copies import Copy

_ENDS = "SourceKafkaClusterArn", "TargetKafkaClusterArn"
METRIC_SECONDS = 60.0
"""Between two points, as MSK has them."""


class ReplicatorBacking:
    """A dead process is started again, and goes on where it was. `published`: when metrics of an ARN were put last."""

    def __init__(
        self,
        context: CloudContext,
        state_of: Callable[[str], MskState],
        replicator: Replicator,
        published: dict[str, float],
    ) -> None:
        self.context, self.state_of, self.replicator, self.published = context, state_of, replicator, published
        self.key = replicator.arn

    @property
    def status(self) -> str:
        return self.replicator.state

    def running(self) -> bool:
        return self._process.pid() is not None

    def reconcile(self) -> None:
        state = self.replicator.state
        if state == "DELETING":
            self._delete()
            return
        if state == "FAILED":
            return
        engine = self.engine()
        if engine is None:
            self._fail("A cluster of the replicator does not exist any more; delete the replicator.")
            return
        if not engine.current():
            engine.ensure()
        self._settle(state)
        self._measure(engine)

    def engine(self) -> Engine | None:
        """As it should be; None once a cluster of it does not exist. Raises EngineFailed while one is being created."""
        source, target = map(self._cluster, _ENDS)
        if source is None or target is None:
            return None
        return self._engine(self._settings(source), self._settings(target))

    def stop(self) -> None:
        self._process.stop()

    def _settle(self, before: str) -> None:
        """What was asked for has been done, unless something else was asked for meanwhile."""
        if before != "RUNNING":
            with self.context.mutation():
                if self.replicator.state == before:
                    if before == "UPDATING":
                        self.replicator.bump()
                    self.replicator.state = "RUNNING"

    def _measure(self, engine: Engine) -> None:
        at, topics = engine.measured()
        now = time.monotonic()
        if not topics or now - self.published.get(self.key, -METRIC_SECONDS) < METRIC_SECONDS:
            return
        self.published[self.key] = now
        named = {"ReplicatorName": self.replicator.name}
        with self.context.mutation():
            for topic, measure in topics.items():
                self._put({**named, "Topic": topic}, measure, at)
            total = Measure(
                max(one.latency for one in topics.values()),
                sum(one.lag for one in topics.values()),
                sum(one.bytes_per_second for one in topics.values()),
            )
            self._put(named, total, at)

    def _put(self, dimensions: dict[str, str], measure: Measure, at: float) -> None:
        region, when = self.replicator.region, datetime.fromtimestamp(at, UTC)
        put(region, "AWS/Kafka", "ReplicationLatency", dimensions, measure.latency, when)
        put(region, "AWS/Kafka", "MessageLag", dimensions, measure.lag, when)
        put(region, "AWS/Kafka", "ReplicatorThroughput", dimensions, measure.bytes_per_second, when)

    def copies(self) -> list[Copy]:
        """Raises EngineFailed."""
        source, target = (region_of(self.replicator.info[end]) for end in _ENDS)
        self.context.need(source, target)
        at, topics = self._engine({}, {}).measured()
        if not at:
            return []
        seconds = max((one.latency for one in topics.values()), default=0.0) / 1000
        messages, after = sum(one.lag for one in topics.values()), "" if self.running() else "it does not run"
        name = self.replicator.name
        return [Copy(self.key, "MSK", name, source, target, seconds, messages, "messages", at, after)]

    def _delete(self) -> None:
        self._engine({}, {}).delete()
        self.published.pop(self.key, None)
        with self.context.mutation():
            self.state_of(self.replicator.region).replicators.pop(self.key, None)

    def _fail(self, why: str) -> None:
        self._process.stop()
        with self.context.mutation():
            if self.replicator.state != "DELETING":
                self.replicator.state, self.replicator.trouble = "FAILED", why

    def _cluster(self, end: str) -> Cluster | None:
        arn = self.replicator.info[end]
        return self.state_of(region_of(arn)).clusters.get(arn)

    def _settings(self, cluster: Cluster) -> dict[str, Any]:
        if cluster.state == "CREATING":
            raise EngineFailed(f"{cluster.name} is being created")
        abroad = cluster.region != self.replicator.region
        return ClusterBacking(self.context, self.state_of(cluster.region), cluster).engine.client_settings(abroad)

    def _engine(self, source: dict[str, Any], target: dict[str, Any]) -> Engine:
        folder = self.context.folder(self.replicator.region, "msk-replicators", self.replicator.identifier)
        return Engine(folder, plan(self.replicator, source, target))

    @property
    def _process(self) -> Process:
        return self._engine({}, {}).process
