"""`python -m operators`: waits for the Lease, then runs the operators of both kinds until it is lost."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from functools import lru_cache

import kopf
import structlog

from contracts.connections import KafkaClient
from operators.adapters.aws.cloud import Cloud
from operators.adapters.kafka.admin import TopicAdmin
from operators.adapters.region import RegionWatch
from operators.adapters.standing import ALONE, Standing
from operators.adapters.timeseries import Store
from operators.auraservice.reconciler import AuraServiceReconciler
from operators.biostream.reconciler import BioStreamReconciler
from operators.controller.health import Liveness, serve
from operators.controller.leadership import LeaderElector
from operators.controller.reconciler import ReconcileLoop
from operators.controller.workqueue import Key, WorkQueue
from operators.handlers import registry
from operators.kubernetes.client import Client, load_configuration
from operators.kubernetes.kinds import AURA_SERVICE, BIO_STREAM, CLUSTER
from operators.settings import Settings
from operators.timeseries.reconciler import StoreReconciler

_STREAM_RESYNC_SECONDS = 10.0
"""A stream is reconciled this often: its lag changes without any event."""
_log = logging.getLogger("operators")


def _topic_admin(kafka: KafkaClient) -> TopicAdmin:
    return _cached_topic_admin(tuple(sorted(kafka.items())))


@lru_cache(maxsize=1)
def _cached_topic_admin(kafka: tuple[tuple[str, str], ...]) -> TopicAdmin:
    return TopicAdmin(dict(kafka))


def reconcile_loops(
    client: Client, settings: Settings, standing: Callable[[], Standing] = lambda: ALONE
) -> dict[str, ReconcileLoop | StoreReconciler]:
    """The reconcile loop of each kind."""
    resync = settings.resync_seconds
    cloud = Cloud(settings.aws_region, settings.aws_endpoint_url, settings.secrets_prefix, resync / 3, settings.ca_file)
    pod_identity = bool(settings.aws_container_credentials_full_uri)
    services = AuraServiceReconciler(client, cloud, standing, pod_identity)
    streams = BioStreamReconciler(client, cloud, Store(), _topic_admin, settings.ca_file, standing, pod_identity)
    return {
        CLUSTER.name: StoreReconciler(client, resync),
        AURA_SERVICE.name: ReconcileLoop(AURA_SERVICE, client, services, resync),
        BIO_STREAM.name: ReconcileLoop(BIO_STREAM, client, streams, min(resync, _STREAM_RESYNC_SECONDS)),
    }


async def run(settings: Settings) -> bool:
    """Returns whether it ended because of a signal."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    liveness, client = Liveness(), Client(load_configuration())
    health = await serve(settings.host, settings.port, liveness)
    elector = LeaderElector(client, settings.watch_namespace, settings.pod_name)
    stopping = asyncio.create_task(stop.wait())
    try:
        acquired = asyncio.create_task(elector.acquire())
        await asyncio.wait({acquired, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.done():
            acquired.cancel()
            return True
        await acquired
        liveness.started_leading()
        return await _lead(client, settings, liveness, elector, stopping)
    finally:
        stopping.cancel()
        await health.cleanup()
        await client.close()


async def _lead(
    client: Client, settings: Settings, liveness: Liveness, elector: LeaderElector, stopping: asyncio.Task[bool]
) -> bool:
    """Reconciles until a signal, the loss of the Lease or a failure of the watches; after that nothing is written.

    Returns whether a signal ended it, ours or kopf's: kopf handles the signals itself as long as it watches.
    """
    region = RegionWatch(client, settings.watch_namespace)
    await region.ask()
    loops = reconcile_loops(client, settings, region.standing)

    async def reconcile(key: Key) -> float | None:
        return await loops[key.kind].reconcile(key)

    queue, flag = WorkQueue(reconcile), asyncio.Event()
    watches = asyncio.create_task(
        kopf.operator(
            registry=registry(queue, liveness),
            namespaces=[settings.watch_namespace],
            standalone=True,
            stop_flag=flag,
        )
    )
    lease = asyncio.create_task(elector.renew())
    state = asyncio.create_task(region.watch(queue.add_known))
    try:
        await asyncio.wait({watches, lease, state, stopping}, return_when=asyncio.FIRST_COMPLETED)
        ended = (("watches", watches), ("Lease", lease), ("watch of the region's state", state))
        failures = {name: task.exception() for name, task in ended if task.done()}
        for name, failure in failures.items():
            if failure is not None:
                _log.error("the %s failed, this Pod ends and another becomes leader: %r", name, failure)
        return not lease.done() and not any(failures.values())
    finally:
        await queue.stop()
        flag.set()
        lost = lease.done()
        lease.cancel()
        state.cancel()
        await asyncio.gather(watches, lease, state, return_exceptions=True)
        if not lost:
            await elector.release()


def configure_logging(level: str) -> None:
    """One JSON object per line, kopf's own lines included."""
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
    settings = Settings()  # pyright: ignore[reportCallIssue]  # from the environment
    configure_logging(settings.log_level.upper())
    return 0 if asyncio.run(run(settings)) else 1


if __name__ == "__main__":
    sys.exit(main())
