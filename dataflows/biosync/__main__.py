"""Wires and runs the dataflow of one BioStream: `python -m dataflows.biosync`, everything else from the environment."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import sys
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import NoReturn

import structlog
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from pydantic import ValidationError

from dataflows.biosync import flow, status
from dataflows.biosync.feed import Feed
from dataflows.biosync.letters import Letters
from dataflows.biosync.outbox import Outbox
from dataflows.biosync.response import Response
from dataflows.biosync.results import Results
from dataflows.biosync.settings import Settings
from dataflows.biosync.stopping import Stopping
from dataflows.biosync.store import Store

GRACE_SECONDS = 8.0
"""What a stop may take; after it the process leaves as if killed, which costs nothing but computing a second again."""
_RECOVERY_PARTITIONS = 1
_log = structlog.get_logger("dataflows.biosync")


def main() -> None:
    try:
        settings = Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        sys.exit(f"the environment of the dataflow is not usable:\n{error}")
    _log_json(settings)
    stopping = Stopping()
    _stop_on_signal(stopping)
    spec = settings.biostream_spec
    database = settings.timeseries_url.get_secret_value()
    results = Results(spec.events.topic, spec.dead_letter.topic, stopping)
    store = Store(database, settings.chunk, results.rows, stopping)
    response = Response(settings.webhook, settings.webhook_secret.get_secret_value())
    Outbox(database, settings.chunk, results.events, response, stopping).start()
    Letters(settings.kafka_bootstrap, results.letters, stopping).start()
    store.start()
    status.serve(settings.host, settings.port, lambda: "stopping" if stopping.requested else store.away)
    topic = spec.source.topic
    source = flow.Raw(lambda: Feed(settings.kafka_bootstrap, topic), spec.source.partitions, stopping)
    dataflow = flow.build(source, topic, settings.rules, settings.state_dir / "people", results)
    recovery = _recovery_store(settings.state_dir)
    # thousands of people's states are live and never garbage: without this each full collection stops the worker
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    _log.info("started", topic=topic, partitions=spec.source.partitions)
    try:
        cli_main(
            dataflow,
            epoch_interval=timedelta(seconds=settings.snapshot_seconds),
            recovery_config=RecoveryConfig(recovery),
        )
    except Exception:
        if not stopping.requested:
            raise
    stopping.finish()
    _log.info("stopped")
    _leave(0)


def _recovery_store(state: Path) -> Path:
    """Folder of bytewax's recovery store, made complete or not at all."""
    recovery, made = state / "recovery", state / "recovery.new"
    if not recovery.exists():
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        init_db_dir(made, _RECOVERY_PARTITIONS)
        made.rename(recovery)
    return recovery


def _stop_on_signal(stopping: Stopping) -> None:
    """A thread waits for the signal: bytewax keeps the main thread in native code."""
    wanted = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)

    def wait() -> None:
        signal.sigwait(wanted)
        stopping.request()
        stopping.pause(GRACE_SECONDS)
        if not stopping.over:
            _log.warning("stop_forced", after_seconds=GRACE_SECONDS, then="the next start computes what is missing")
            _leave(0)

    Thread(target=wait, name="signals", daemon=True).start()


def _leave(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _log_json(settings: Settings) -> None:
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    about = {"service": "biosync", "stream": settings.biostream_name, "pod": settings.pod_name}
    structlog.configure(
        processors=[
            lambda _logger, _method, event: {**event, **about},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


if __name__ == "__main__":
    main()
