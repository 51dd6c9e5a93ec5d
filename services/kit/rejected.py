"""Records of a topic that can never be applied: told from a store that is away, and kept where a person finds them.

They are dead letters as the dataflow's are, in a topic of their own: a reader has brokers at hand whatever its stores
are, and the record's own topic forgets it. `aura dead-letters list` shows them. None is replayed: its writer is wrong.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from msgspec import DecodeError, msgpack

from contracts.platform import TOPIC_SERVICES_DEAD
from contracts.records import DEAD_LETTER_BYTES, DeadLetter
from contracts.rejection import rejection
from services.kit.producer import producing

RETENTION_MS = 7 * 86_400_000
"""As long as other dead letters are kept, and user-events: no record of a person outlives its topic's by more."""
REPLICAS = 3
"""As brokers give a topic by themselves; aiokafka cannot leave it to them."""
_CONFIG = {"retention.ms": str(RETENTION_MS), "max.message.bytes": str(DEAD_LETTER_BYTES)}


@contextlib.contextmanager
def of_record(what: str) -> Iterator[None]:
    """Within it a record is applied: an error that is about the record becomes a DecodeError, `what` it is not.

    All others say that a store is away, and pass.
    """
    try:
        yield
    except DecodeError:
        raise
    except Exception as error:
        if reason := rejection(error):
            raise DecodeError(f"{what}: {reason}: {error}") from error
        raise


async def keep(kafka: Mapping[str, Any], letter: DeadLetter) -> None:
    """Returns when the brokers have the dead letter; raises KafkaError. Its key is the same when it is kept again."""
    admin = AIOKafkaAdminClient(**kafka)
    try:
        await admin.start()
        brokers = len((await admin.describe_cluster())["brokers"])
        topic = NewTopic(TOPIC_SERVICES_DEAD, 1, min(brokers, REPLICAS), topic_configs=_CONFIG)
        answer: Any = await admin.create_topics([topic])  # of one of several versions of the protocol
        for _, code, *message in answer.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise for_code(code)(*message)
    finally:
        await admin.close()
    async with producing(kafka, max_request_size=DEAD_LETTER_BYTES) as producer:
        value = msgpack.encode(letter.truncated())
        await producer.send_and_wait(TOPIC_SERVICES_DEAD, value, key=letter.key.encode())
