"""The finalizer of BioStreams whose policy is Delete: it deletes their topics, tables and state.

In a passive region these are copies: they stay, and go with the originals.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.biostream import BioStreamSpec
from contracts.connections import KafkaClient
from contracts.resource import GROUP, DeletionPolicy
from operators.adapters.aws.cloud import Cloud
from operators.adapters.kafka.admin import TopicAdmin
from operators.adapters.timeseries import Store, StoreUnavailable
from operators.biostream import topics
from operators.biostream.desired import state_prefix, volume_claim
from operators.biostream.locations import locate
from operators.biostream.sharing import shared
from operators.kubernetes import kinds
from operators.kubernetes.client import Client
from operators.kubernetes.kinds import DEPLOYMENT, POD
from operators.kubernetes.manifest import Manifest, Owner
from operators.kubernetes.pods import authority_secret
from operators.kubernetes.resource import parse_spec

FINALIZER = f"{GROUP}/data"
"""Only on resources whose policy is Delete: the others need no cleanup."""
_TIMEOUT = timedelta(minutes=2)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finalizer:
    """`kafka` returns the admin client for brokers, which `ca_file` certifies."""

    client: Client
    cloud: Cloud
    store: Store
    kafka: Callable[[KafkaClient], TopicAdmin]
    ca_file: str

    async def sync(self, body: Manifest, spec: BioStreamSpec) -> None:
        """Adds or removes the finalizer, as the policy says."""
        existing = body["metadata"].get("finalizers", [])
        required = spec.deletion_policy is DeletionPolicy.DELETE
        if required != (FINALIZER in existing):
            await self._patch(body, [*existing, FINALIZER] if required else _without(existing))

    async def finalize(self, body: Manifest) -> None:
        """Deletes the data if this stream's policy is Delete, but not if only its namespace is deleted.

        Gives up after a while: the finalizer never blocks a resource or its namespace for long.
        """
        if FINALIZER not in body["metadata"].get("finalizers", []):
            return
        spec, owner = parse_spec(BioStreamSpec, body), Owner.of(body)
        try:
            if await self.client.namespace_is_terminating(owner.namespace):
                _log.warning("BioStream %s is deleted with its namespace: its data stays", owner.name)
            elif (
                isinstance(spec, BioStreamSpec)
                and spec.deletion_policy is DeletionPolicy.DELETE
                and not await self._delete_data(body, owner, spec)
                and not _late(body)
            ):
                return
        except Exception as error:
            if not _late(body):
                raise
            _log.error("BioStream %s loses its finalizer, but its data still exists: %s", owner.name, error)
        await self._patch(body, _without(body["metadata"]["finalizers"]))

    async def _delete_data(self, body: Manifest, owner: Owner, spec: BioStreamSpec) -> bool:
        """Returns False while Pods still write."""
        if deployment := await self.client.get(DEPLOYMENT, owner.namespace, owner.name):
            await self.client.delete(DEPLOYMENT, deployment)
        claim = kinds.KINDS["v1", "PersistentVolumeClaim"]
        if existing := await self.client.get(claim, owner.namespace, volume_claim(owner)["metadata"]["name"]):
            await self.client.delete(claim, existing)
        if await self.client.list(POD, owner.namespace, owner.selector):
            return False  # at its end a worker takes a last snapshot
        found = await locate(self.client, body, spec, self.ca_file)
        if found.passive:
            _log.warning("BioStream %s: its data stays: this region has the copies of the active one's", owner.name)
            return True
        if found.streams.invalid:
            invalid = ", ".join(found.streams.invalid)
            _log.error("BioStream %s: its data stays, since %s is invalid and may use it", owner.name, invalid)
            return True
        used = shared(found.streams.mine, found.streams.others)
        if found.brokers:
            declared = {topic.name for topic in topics.desired_topics(spec)}
            own = sorted(declared & found.streams.mine.topics - used.topics)
            await self.kafka(found.brokers.kafka_client).delete(own)
        if found.url and not used.store:
            if not found.authority:
                missing = authority_secret(spec.sink.database)
                raise StoreUnavailable(f"Secret {missing} with the database's authority does not exist")
            await self.store.drop(found.url, found.authority)
        if found.bucket:
            count = await self.cloud.snapshots.delete(found.bucket, state_prefix(owner))
            _log.info("BioStream %s: %d objects of its snapshots are deleted", owner.name, count)
        return True

    async def _patch(self, body: Manifest, finalizers: list[str]) -> None:
        meta = {"finalizers": finalizers, "resourceVersion": body["metadata"]["resourceVersion"]}
        await self.client.merge_patch(kinds.BIO_STREAM, body, {"metadata": meta})


def _late(body: Manifest) -> bool:
    """Whether the deletion has waited for long enough."""
    return datetime.now(UTC) - datetime.fromisoformat(body["metadata"]["deletionTimestamp"]) > _TIMEOUT


def _without(finalizers: list[str]) -> list[str]:
    return [one for one in finalizers if one != FINALIZER]
