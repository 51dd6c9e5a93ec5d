"""Wires and runs one worker of a dataflow: the only one, or one of several processes."""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from threading import Thread
from typing import NoReturn

import structlog
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

from dataflows.biosync import flow, metrics
from dataflows.biosync.run import status
from dataflows.biosync.run.gc import tune
from dataflows.biosync.run.settings import GRACE_SECONDS, Settings
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.sink.outbox import Outbox
from dataflows.biosync.sink.publisher import Publisher
from dataflows.biosync.sink.results import ResultBuffers
from dataflows.biosync.sink.store import Store
from dataflows.biosync.sink.webhook import WebhookClient
from dataflows.biosync.source.topic import Topic
from dataflows.biosync.source.topic_reader import TopicReader
from dataflows.biosync.state import recovery

_ANSWERS_SECONDS = 2.0
"""How long a stop waits for answers to requests: without them the next start asks again."""
_log = structlog.get_logger(__name__)


def run(settings: Settings) -> NoReturn:
    """Run until told to stop; leaves the process."""
    stopping = Shutdown()
    _stop_on_signal(stopping)
    if settings.worker is not None:
        Thread(target=_end_with_parent, name="parent", daemon=True).start()
    spec, bootstrap = settings.biostream_spec, settings.kafka_bootstrap
    database = settings.timeseries_url.get_secret_value()
    results = ResultBuffers(spec.events.topic, spec.dead_letter.topic, stopping)
    store = Store(database, settings.chunk, results.rows, stopping)
    response = WebhookClient(settings.webhook, settings.webhook_secret.get_secret_value())
    outbox = Outbox(database, settings.chunk, results.events, response, stopping)
    outbox.start()
    Publisher(bootstrap, results.records, stopping).start()
    store.start()
    topic, partitions = spec.source.topic, spec.source.partitions
    source = flow.RawSource(lambda: TopicReader(Topic(bootstrap, topic, partitions)), partitions, stopping)
    told = status.ProcessStatus(lambda: "stopping" if stopping.requested else store.unavailable or source.unavailable)
    status.serve(settings.host, settings.status_port(settings.worker), told)
    metrics.WORKERS.set(settings.workers)
    everyone = flow.StateSink(topic, partitions, settings.rules, settings.state_dir / "people", results)
    tune()
    _log.info("started", topic=topic, partitions=partitions)
    try:
        cli_main(
            flow.build(source, everyone),
            process_id=settings.worker,
            addresses=settings.addresses,
            epoch_interval=timedelta(seconds=settings.snapshot_seconds),
            recovery_config=RecoveryConfig(recovery.folder(settings.state_dir)),
        )
    except Exception:
        if not stopping.requested:
            _log.exception("failed", then="nothing is lost: the next start goes on")
            _leave(1)
    outbox.wait_idle(_ANSWERS_SECONDS)
    stopping.finish()
    _log.info("stopped")
    _leave(0)


def _stop_on_signal(stopping: Shutdown) -> None:
    """A thread waits for the signal: bytewax keeps the main thread in native code."""
    wanted = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)

    def wait() -> None:
        signal.sigwait(wanted)
        stopping.request()
        stopping.wait(GRACE_SECONDS)
        if not stopping.finished:
            _log.warning("stop_forced", after_seconds=GRACE_SECONDS, then="the next start computes what is missing")
            _leave(0)

    Thread(target=wait, name="signals", daemon=True).start()


def _leave(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end_with_parent() -> None:
    """Nothing is ever written to our input; it ends when the process that started us does."""
    sys.stdin.buffer.read()
    _leave(1)
