"""`python -m operators`: waits for its turn, then runs the operators of both kinds until the turn is lost."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from functools import lru_cache

import kopf
import structlog

from operators.adapters.aws.cloud import Cloud
from operators.adapters.kafka.admin import Topics
from operators.adapters.timeseries import Store
from operators.auraservice.reconciler import AuraServices
from operators.biostream.reconciler import BioStreams
from operators.controller.health import Pulse, serve
from operators.controller.leadership import Leadership
from operators.controller.reconciler import Reconciler
from operators.controller.workqueue import Key, WorkQueue
from operators.handlers import registry
from operators.kubernetes.client import Cluster, credentials
from operators.kubernetes.kinds import AURA_SERVICE, BIO_STREAM
from operators.settings import Settings

_STREAM_SECONDS = 10.0
"""A stream is looked at this often: its lag changes without any event."""
_log = logging.getLogger("operators")


def reconcilers(cluster: Cluster, settings: Settings) -> dict[str, Reconciler]:
    """What looks at each kind of custom resource."""
    resync = settings.resync_seconds
    cloud = Cloud(settings.aws_region, settings.aws_endpoint_url, remembered_seconds=resync / 3)
    services = AuraServices(cluster, cloud)
    streams = BioStreams(cluster, cloud, Store(), lru_cache(maxsize=4)(Topics))
    return {
        AURA_SERVICE.name: Reconciler(AURA_SERVICE, cluster, services.act, services.finalize, resync),
        BIO_STREAM.name: Reconciler(BIO_STREAM, cluster, streams.act, streams.finalize, min(resync, _STREAM_SECONDS)),
    }


async def run(settings: Settings) -> bool:
    """Returns whether it ended because it was told to."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    pulse, cluster = Pulse(), Cluster(credentials())
    health = await serve(settings.host, settings.port, pulse)
    leadership = Leadership(cluster, settings.watch_namespace, settings.pod_name)
    told = asyncio.create_task(stop.wait())
    try:
        turn = asyncio.create_task(leadership.acquire())
        await asyncio.wait({turn, told}, return_when=asyncio.FIRST_COMPLETED)
        if told.done():
            turn.cancel()
            return True
        await turn
        pulse.acting()
        return await _act(cluster, settings, pulse, leadership, told)
    finally:
        told.cancel()
        await health.cleanup()
        await cluster.close()


async def _act(
    cluster: Cluster, settings: Settings, pulse: Pulse, leadership: Leadership, told: asyncio.Task[bool]
) -> bool:
    """Acts until told to stop, the Lease is lost or the watches fail; then nothing of ours writes any more.

    Returns whether it was told to, by us or by kopf, which takes the signals over as long as it watches.
    """
    kinds = reconcilers(cluster, settings)

    async def look(key: Key) -> float | None:
        return await kinds[key.kind].look(key)

    queue, flag = WorkQueue(look), asyncio.Event()
    watches = asyncio.create_task(
        kopf.operator(
            registry=registry(queue, pulse),
            namespaces=[settings.watch_namespace],
            standalone=True,
            stop_flag=flag,
        )
    )
    lease = asyncio.create_task(leadership.keep())
    try:
        await asyncio.wait({watches, lease, told}, return_when=asyncio.FIRST_COMPLETED)
        failures = {name: task.exception() for name, task in (("watches", watches), ("Lease", lease)) if task.done()}
        for name, failure in failures.items():
            if failure is not None:
                _log.error("the %s failed, this Pod ends and another acts: %r", name, failure)
        return not lease.done() and not any(failures.values())
    finally:
        await queue.stop()
        flag.set()
        lost = lease.done()
        lease.cancel()
        await asyncio.gather(watches, lease, return_exceptions=True)
        if not lost:
            await leadership.release()


def configure_logs(level: str) -> None:
    """One JSON object a line, kopf's own lines included."""
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso"),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("kopf").setLevel("WARNING")


def main() -> int:
    settings = Settings()
    configure_logs(settings.log_level.upper())
    return 0 if asyncio.run(run(settings)) else 1


if __name__ == "__main__":
    sys.exit(main())
