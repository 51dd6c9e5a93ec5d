"""Offsets of consumer groups: read at the source, committed at the target while nobody reads there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from local.engines.kafka.replicator.memory import Partition
from local.engines.kafka.replicator.places import Places
from local.engines.kafka.replicator.plan import Plan

SECONDS = 20.0
_FREE = (ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD)


class Groups:
    def __init__(self, plan: Plan, known: Collection[str] = ()) -> None:
        self.plan = plan
        self.source, self.target = AdminClient(plan.source), AdminClient(plan.target)
        self.known = set(known)

    def follow(self, places: Mapping[Partition, Places]) -> None:
        """Raises KafkaException."""
        listed = self.source.list_consumer_groups(request_timeout=SECONDS).result(SECONDS).valid
        found = {group.group_id for group in listed if self.plan.follows(group.group_id)}
        self.known = found if self.plan.new_groups or not self.known else self.known & found
        for group in sorted(self.known):
            self._follow(group, places)

    def _follow(self, group: str, places: Mapping[Partition, Places]) -> None:
        wanted = {}
        for one in self._committed(self.source, group):
            place = places.get((one.topic, one.partition))
            offset = place.translated(one.offset) if place is not None and one.offset >= 0 else None
            if offset is not None:
                wanted[self.plan.renamed(one.topic), one.partition] = offset
        if not wanted or not self._is_free(group):
            return
        now = {(one.topic, one.partition): one.offset for one in self._committed(self.target, group)}
        ahead = [
            TopicPartition(topic, n, offset)
            for (topic, n), offset in wanted.items()
            if offset > now.get((topic, n), -1)
        ]
        if ahead:
            change = [ConsumerGroupTopicPartitions(group, ahead)]
            for done in self.target.alter_consumer_group_offsets(change, request_timeout=SECONDS).values():
                done.result(SECONDS)

    def _is_free(self, group: str) -> bool:
        described = self.target.describe_consumer_groups([group], request_timeout=SECONDS)[group]
        try:
            return described.result(SECONDS).state in _FREE
        except KafkaException:  # the target does not know it
            return True

    @staticmethod
    def _committed(client: AdminClient, group: str) -> list[TopicPartition]:
        asked = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=SECONDS)
        try:
            return list(asked[group].result(SECONDS).topic_partitions or ())
        except KafkaException:
            return []
