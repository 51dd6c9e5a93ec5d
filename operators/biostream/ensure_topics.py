"""Makes and changes the topics of a BioStream at the brokers, and records beforehand which are its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contracts.connections import KafkaClient, KafkaVariables
from contracts.platform import KAFKA_BOOTSTRAP, PLATFORM_CONFIG
from operators.adapters.kafka.admin import KafkaRefused, KafkaUnreachable, TopicAdmin
from operators.adapters.kafka.topics import CreateTopic
from operators.adapters.standing import Standing
from operators.biostream import topics
from operators.biostream.sharing import kept_topics, owned_topics
from operators.biostream.siblings import Siblings
from operators.kubernetes import kinds
from operators.kubernetes.client import Client
from operators.kubernetes.conditions import Finding, broken, good, waiting
from operators.kubernetes.manifest import Manifest


@dataclass(frozen=True)
class Topics:
    """`kafka` returns the admin client for brokers."""

    client: Client
    kafka: Callable[[KafkaClient], TopicAdmin]

    async def ensure(
        self, body: Manifest, streams: Siblings, brokers: KafkaVariables | None, standing: Standing
    ) -> tuple[Finding, int | None, frozenset[str]]:
        """The finding, the partitions of the source (None: not known), and which topics are the stream's own."""
        mine = streams.mine.topics
        if brokers is None:
            message = f"ConfigMap {PLATFORM_CONFIG} has no {KAFKA_BOOTSTRAP} yet"
            return waiting(topics.TOPICS_READY, "NotConfigured", message), None, mine
        if not standing.writes:
            untouched = f"topics are not changed: {standing.reason}"
            return good(topics.TOPICS_READY, "LeftAsTheyAre", untouched), None, mine
        declared, source = kept_topics(streams.mine, streams.others), streams.mine.spec.source
        made = mine
        try:
            admin = self.kafka(brokers.kafka_client)
            state = await admin.describe(topic.name for topic in declared)
            owned = owned_topics(streams.mine, streams.others)
            decision = topics.decide(declared, state, owned)
            if isinstance(decision, Finding):
                found = state.topics.get(source.topic)
                return decision, found.partitions if found else None, mine
            mine = made = mine | owned.intersection(topic.name for topic in declared)
            for change in decision:
                if isinstance(change, CreateTopic):
                    made = mine | {change.topic.name}
                    await self._record(body, made)
                await admin.apply([change])
                mine = made
        except KafkaUnreachable as error:  # it may have been made
            return broken(topics.TOPICS_READY, "KafkaUnreachable", str(error)), None, made
        except KafkaRefused as error:
            if made != mine:
                await self._record(body, mine)
            return (
                broken(topics.TOPICS_READY, error.reason, f"{error}; existing topics are left as they are"),
                None,
                mine,
            )
        return topics.ready(declared, mine), source.partitions, mine

    async def _record(self, body: Manifest, own: frozenset[str]) -> None:
        """Before a topic is made: whatever ends this process then, it is known whose the topic is."""
        status = {} if body.get("status") else {"observedGeneration": 0, "conditions": []}
        await self.client.merge_patch(kinds.BIO_STREAM, body, {"status": {**status, "topics": sorted(own)}}, "status")
