"""The process: `python -m local.engines.kafka.replicator FOLDER`, with the plan in FOLDER/replicator.json.

It ends when it can go on no longer; whoever started it starts it again.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from confluent_kafka import KafkaException

from local.engines.kafka.replicator.copying import Copying
from local.engines.kafka.replicator.groups import Groups
from local.engines.kafka.replicator.measures import publish
from local.engines.kafka.replicator.memory import restored
from local.engines.kafka.replicator.plan import Plan
from local.engines.kafka.replicator.topics import Topics

FOLLOW_SECONDS = 2.0
"""Between two looks at topics and groups."""
_SAVE_SECONDS = 1.0
_PATIENT = {"log_level": 0, "reconnect.backoff.max.ms": 1000}
"""A region may be away for days: that is no news every few milliseconds."""

log = logging.getLogger("replicator")


def main(folder: Path) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    plan = Plan.parse((folder / "replicator.json").read_text())
    plan = replace(plan, source={**plan.source, **_PATIENT}, target={**plan.target, **_PATIENT})
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    copying = Copying(plan, restored(plan))
    topics = Topics(plan)
    found = topics.follow(set())
    copying.assign(found, topics.made)
    pending: list[tuple[dict[str, int], set[str]]] = []

    def follow() -> None:
        nonlocal topics
        groups = Groups(plan)
        while not end.wait(FOLLOW_SECONDS):
            try:
                pending.append((topics.follow(set(found)), set(topics.made)))
                if plan.offsets:
                    groups.follow(dict(copying.places))
            except (KafkaException, TimeoutError) as error:  # a cluster does not answer: the next look follows
                log.warning("%s", error)
                topics, groups = Topics(plan), Groups(plan, groups.known)  # the clients may have given the brokers up
            except Exception:
                log.exception("topics and groups are not followed any more")
                os._exit(1)

    threading.Thread(target=follow, name="follow", daemon=True).start()
    saved = 0.0
    while not end.is_set():
        while pending:
            copying.assign(*pending.pop(0))
        copying.step()
        if time.monotonic() - saved >= _SAVE_SECONDS:
            copying.save()
            publish(folder / "measures.json", copying.measure())
            saved = time.monotonic()
    copying.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
