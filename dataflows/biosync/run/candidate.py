"""Wires and runs a candidate: the process of the Pod of an image that is to take over."""

from __future__ import annotations

import os
import signal
import time
from queue import Queue
from threading import Thread
from typing import NoReturn

import msgspec
import structlog
from bytewax.run import cli_main
from psycopg.conninfo import make_conninfo

from contracts.comparison import Comparison
from dataflows.biosync import flow
from dataflows.biosync.compare.comparing import Comparing
from dataflows.biosync.compare.shards import CandidateShards, Computed
from dataflows.biosync.run import gc_tuning, status
from dataflows.biosync.run.settings import CandidateSettings
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.source.topic import Topic
from dataflows.biosync.source.topic_reader import TopicReader
from dataflows.biosync.state.bucket import partition_buckets

_MOST_BATCHES = 1_000
"""Of results on their way to be compared."""
_log = structlog.get_logger(__name__)


def run(settings: CandidateSettings) -> NoReturn:
    """Run until a signal: nothing is kept, so nothing has to be finished."""
    _end_on_signal()
    spec = settings.biostream_spec
    database = make_conninfo(settings.timeseries_url.get_secret_value(), **settings.timeseries_verification)
    partitions, buckets = (
        spec.source.partitions,
        partition_buckets(settings.state_bucket, settings.state_prefix, settings.aws_region),
    )
    results: Queue[Computed] = Queue(_MOST_BATCHES)
    topic = Topic(settings.kafka_client, spec.source.topic, partitions)
    shards = CandidateShards(topic, settings.rules, buckets, results, int(time.time() * 1000))
    source = flow.RawSource(TopicReader(topic), partitions, shards, Shutdown())
    comparing = Comparing(
        database, partitions, buckets, settings.compare_tolerance, results, lambda: source.unavailable
    )

    def comparison() -> Comparison:
        refused = Comparison(different=1, difference=shards.refused)
        return msgspec.structs.replace(refused if shards.refused else comparing.comparison, key=settings.compare_key)

    status.serve(settings.host, settings.port, status.Status(lambda: "", lambda: "", comparison=comparison))
    gc_tuning.tune()
    comparing.start()
    _log.info("compares", topic=topic.name, partitions=partitions, image=spec.dataflow.image)
    cli_main(flow.build(source, flow.StateSink(partitions)))
    raise SystemExit("the flow has ended by itself")


def _end_on_signal() -> None:
    """In a thread: bytewax keeps the main thread in native code."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def wait() -> None:
        signal.sigwait(signals)
        os._exit(0)

    Thread(target=wait, name="signals", daemon=True).start()
