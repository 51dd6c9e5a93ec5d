"""Wires and runs a worker of a dataflow: the process of one of its Pods."""

from __future__ import annotations

import os
import signal
import sys
from threading import Thread
from typing import NoReturn
from uuid import uuid4

import structlog
from bytewax.run import cli_main
from psycopg.conninfo import make_conninfo

from dataflows.biosync import flow
from dataflows.biosync.run import gc_tuning, status
from dataflows.biosync.run.settings import GRACE_SECONDS, Settings
from dataflows.biosync.shards import Shards
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.sink.fence import Fence
from dataflows.biosync.sink.outbox import Outbox
from dataflows.biosync.sink.publisher import Publisher
from dataflows.biosync.sink.results import ResultBuffers
from dataflows.biosync.sink.store import Store
from dataflows.biosync.sink.webhook import WebhookClient
from dataflows.biosync.source.membership import Membership
from dataflows.biosync.source.topic import Topic
from dataflows.biosync.source.topic_reader import TopicReader
from dataflows.biosync.state.bucket import partition_buckets
from dataflows.biosync.state.claim import Writer

_WEBHOOK_SECONDS = 2.0
"""How long a stop waits for the responses to webhooks: without them the next start sends those again."""
_LEAVING_SECONDS = 2.0
"""How long a stop may take to leave the group: if it takes longer, others wait for the session to end."""
_STATE_SECONDS = 4.0
"""How long a stop waits for the last snapshots: without them the next start computes again, from up to a minute ago."""
_log = structlog.get_logger(__name__)


def run(settings: Settings) -> NoReturn:
    """Run until a signal; exits the process."""
    shutdown = Shutdown()
    _stop_on_signal(shutdown)
    spec, kafka = settings.biostream_spec, settings.kafka_client
    database = make_conninfo(settings.timeseries_url.get_secret_value(), **settings.timeseries_verification)
    results = ResultBuffers(spec.source.topic, spec.events.topic, spec.dead_letter.topic, shutdown)
    rejections = results.rejections
    fence = Fence(database, settings.state_prefix)
    store = Store(database, settings.chunk, results.rows, fence, rejections, shutdown)
    webhook = WebhookClient(settings.webhook, settings.webhook_secret.get_secret_value())
    outbox = Outbox(database, settings.chunk, results.events, webhook, fence, rejections, shutdown)
    publisher = Publisher(kafka, results.records, rejections, shutdown)
    outbox.start()
    publisher.start()
    store.start()
    partitions = spec.source.partitions
    topic = Topic(kafka, spec.source.topic, partitions)
    membership = Membership(kafka, topic.name, settings.group)
    shards = Shards(
        membership,
        topic,
        settings.rules,
        settings.state_dir / "people",
        results,
        fence,
        Writer(topic.name, uuid4().hex, settings.pod_name, spec.dataflow.image),
        shutdown,
        settings.commit_seconds,
        settings.snapshot_seconds,
        partition_buckets(settings.state_bucket, settings.state_prefix, settings.aws_region)
        if settings.state_bucket
        else None,
    )
    reader = TopicReader(topic)
    source = flow.RawSource(reader, partitions, shards, shutdown)
    own = status.Status(
        lambda: "stopping" if shutdown.requested else store.unavailable or source.unavailable,
        lambda: shards.stalled or store.health.stalled or outbox.health.stalled or publisher.stalled,
    )
    status.serve(settings.host, settings.port, own)
    gc_tuning.tune()
    membership.start()
    _log.info("started", topic=topic.name, partitions=partitions, group=settings.group)
    try:
        cli_main(flow.build(source, flow.StateSink(partitions)))
    except Exception:
        if not shutdown.requested:
            _log.exception("failed", action="nothing is lost: the next start resumes")
            _exit(1)
    reader.stop()
    results.close()
    shards.finish(_STATE_SECONDS)
    membership.close(_LEAVING_SECONDS)
    outbox.wait_idle(_WEBHOOK_SECONDS)
    shutdown.finish()
    _log.info("stopped")
    _exit(0)


def _stop_on_signal(shutdown: Shutdown) -> None:
    """Wait for the signal in a thread: bytewax keeps the main thread in native code."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def wait() -> None:
        signal.sigwait(signals)
        shutdown.request()
        shutdown.wait(GRACE_SECONDS)
        if not shutdown.finished:
            _log.warning("stop_forced", after_seconds=GRACE_SECONDS, action="the next start computes what is missing")
            _exit(0)

    Thread(target=wait, name="signals", daemon=True).start()


def _exit(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
