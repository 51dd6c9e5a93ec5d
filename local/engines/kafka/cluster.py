"""A Kafka cluster: one process a broker, the first three of them controllers too."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from local.engines.certificates import Authority
from local.engines.kafka.administration import Administration, client_settings
from local.engines.kafka.broker import Broker
from local.engines.kafka.settings import Identity, Listeners, Node, server_properties
from local.engines.kafka.storage import identity
from local.engines.runtime.process import START_SECONDS, EngineFailed, Process


class Kafka:
    """Brokers at `addresses`, numbered from 1. The first has its data in `folder`, others in `folder`/b-<number>.

    `heap` is the JVM heap size of a broker; `light` ones compile less. `extra` are server.properties of the cluster.
    `authority` is needed for listeners with certificates. `racks` are the zones that brokers take in turn, `zones` how
    many there are: so many replicas a topic has by default, up to three. `abroad` has, for each broker, the address and
    port by which other regions reach it. Once `wanted` is false, nothing is waited for
    any longer.
    """

    def __init__(
        self,
        folder: Path,
        *addresses: str,
        heap: str = "256m",
        light: bool = False,
        extra: Mapping[str, str] | None = None,
        listeners: Listeners | None = None,
        authority: Authority | None = None,
        racks: Sequence[str] = (),
        zones: int | None = None,
        abroad: Sequence[tuple[str, int]] = (),
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self.folder = folder
        self.zones = len(addresses) if zones is None else zones
        self.wanted = wanted
        turn = itertools.cycle(racks or ("",))
        links = dict(enumerate(abroad, start=1))
        self.nodes = tuple(Node(n, address, next(turn), links.get(n)) for n, address in enumerate(addresses, start=1))
        self.extra = dict(extra or {})
        self.listeners = replace(listeners or Listeners(), abroad=bool(abroad))
        self.authority = authority
        self.brokers = [Broker(folder if n.id == 1 else folder / f"b-{n.id}", n, heap, light) for n in self.nodes]

    @property
    def bootstrap(self) -> str:
        """Of the plaintext listener."""
        return ",".join(f"{node.address}:{self.listeners.protocols()['CLIENT'][1]}" for node in self.nodes)

    @property
    def process(self) -> Process:
        """Of the first broker, the only one of most clusters."""
        return self.brokers[0].process

    def ensure(self, seconds: float = START_SECONDS) -> str:
        """Starts the brokers and waits until each serves; returns the bootstrap servers of plaintext clients, if any.

        Brokers whose settings have changed are restarted one after the other.
        """
        self.start(seconds)
        outdated = [broker for broker in self.brokers if broker.outdated(self._settings(broker))]
        for broker in outdated:
            self.stop_one(broker.node.id, seconds)
            self.start(seconds)
        if outdated:
            self.settle(seconds)
        return self.bootstrap if self.listeners.plaintext else ""

    def start(self, seconds: float = START_SECONDS) -> None:
        """Starts the brokers that do not run, all at once, and waits until each with these settings serves."""
        _ = self.identity  # made here, once: each broker is launched by a thread of its own
        idle = [broker for broker in self.brokers if broker.process.pid() is None]
        with ThreadPoolExecutor(max(1, len(idle))) as pool:
            list(pool.map(self._launch, idle))
        for broker in self.brokers:
            if broker.outdated(self._settings(broker)):  # it may not have the listener that it would be asked over
                continue
            client = self.administration(broker.node)
            # Without a majority of controllers no broker registers: one that ends meanwhile must be launched first.
            self._wait(self.brokers, lambda client=client, id=broker.node.id: id in client.registered(), seconds)

    def stop_one(self, number: int, seconds: float = 60.0) -> None:
        """Stops a broker once the replicas of all are in sync, so that the others have what it has."""
        if len(self.brokers) > 1:  # a single one has no replicas elsewhere
            self.settle(seconds)
        if self.wanted():
            self.brokers[number - 1].process.stop(grace=30)

    def settle(self, seconds: float = START_SECONDS) -> None:
        """Waits until the replicas of all brokers are in sync."""
        self._wait(self.brokers, self.administration().in_sync, seconds)

    def ready(self) -> bool:
        """Whether every broker responds and has registered with the controllers."""
        return self.running() and all(n.id in self.administration(n).registered(5.0) for n in self.nodes)

    def running(self) -> bool:
        """Whether every broker has its process."""
        return all(broker.process.pid() is not None for broker in self.brokers)

    def current(self) -> bool:
        """Whether every broker has its process, with these settings."""
        return self.running() and not any(broker.outdated(self._settings(broker)) for broker in self.brokers)

    def stop(self) -> None:
        """Stops the brokers; topics are kept."""
        with ThreadPoolExecutor(len(self.brokers)) as pool:
            list(pool.map(lambda broker: broker.process.stop(grace=30), self.brokers))

    def delete(self) -> None:
        """Stops the brokers and deletes their topics."""
        for broker in self.brokers:
            broker.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def administration(self, *nodes: Node) -> Administration:
        """A client that starts at these nodes, or at any. A broker serves once it has registered, so ask it itself."""
        return Administration(nodes or self.nodes, self.identity, self.listeners, self._trusted)

    def client_settings(self, abroad: bool = False) -> dict[str, Any]:
        """Of a librdkafka client that is one of the cluster's own: over the brokers' listener, by their principal.

        `abroad`: it is in another region.
        """
        return client_settings(self.nodes, self.identity, self.listeners, self._trusted, abroad)

    @property
    def _trusted(self) -> Path | None:
        return self.authority.certificate if self.authority else None

    @cached_property
    def identity(self) -> Identity:
        return identity(self.folder, self.zones)

    def _settings(self, broker: Broker) -> str:
        return server_properties(
            broker.node,
            self.nodes,
            self.zones,
            self.identity,
            self.listeners,
            broker.folder,
            self._trusted,
            self.extra,
        )

    def _launch(self, broker: Broker) -> None:
        if self.authority is not None and self.listeners.certified:
            broker.certify(self.authority)
        broker.configure(self._settings(broker))
        broker.format(self.identity, self.nodes)
        broker.start(self.identity, self.listeners)

    def _wait(self, brokers: Sequence[Broker], probe: Callable[[], bool], seconds: float) -> None:
        """Returns when `probe` is true, or the cluster not wanted.

        Raises EngineFailed when a broker ends first, or after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while self.wanted() and not probe():
            for broker in brokers:
                process = broker.process
                if process.pid() is None:
                    raise EngineFailed(f"{process.name} ended before it was ready; {process.log}: {process.tail()}")
                if time.monotonic() > deadline:
                    raise EngineFailed(f"{process.name} was not ready after {seconds:.0f} s: {process.tail()}")
            time.sleep(0.1)
