"""Stops the engines of a site and keeps their data. Engines are found by their process records, not by the state."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

from local.engines.runtime.process import EngineFailed, Process
from local.site import Site


@dataclass(frozen=True)
class Ending:
    """How a program is stopped; those of a lower `wave` end before those of a higher one begin to."""

    wave: int
    grace: float
    """Seconds until it is killed."""
    sent: signal.Signals = signal.SIGTERM


_NODE = Ending(0, 8)  # it ends its Pods
_ENDINGS = {
    "addons": Ending(2, 5),
    "kube-scheduler": Ending(2, 5),
    "kube-controller-manager": Ending(2, 5),
    "replicator": Ending(3, 5),  # it saves how far it is, in Kafka
    "kube-apiserver": Ending(3, 1),  # it is stateless, and would wait a minute for open watches
    "etcd": Ending(4, 10),
    "postgres": Ending(4, 30, signal.SIGINT),  # fast mode
    "kafka": Ending(4, 30),
}
_POD = Ending(1, 1)  # its node was killed and could not end it
_OTHER = Ending(4, 20)


def ending(process: Process) -> Ending:
    """By the names of the program and of its folders."""
    if process.name == "node":
        return _NODE
    return _POD if "pods" in process.folder.parts else _ENDINGS.get(process.name, _OTHER)


def stop_engines(site: Site) -> None:
    """Nodes first, then the control plane that they talk to, then all others. Raises EngineFailed with what remains."""
    failed: list[str] = []

    def stop(process: Process) -> None:
        how = ending(process)
        try:
            process.stop(grace=how.grace, sig=how.sent)
        except EngineFailed as error:
            failed.append(str(error))

    records = (site.home / "engines").rglob("*.process")
    found = sorted((Process(r.parent, r.name.removesuffix(".process")) for r in records), key=lambda p: ending(p).wave)
    with ThreadPoolExecutor(8) as pool:
        for _, wave in groupby(found, key=lambda p: ending(p).wave):
            list(pool.map(stop, list(wave)))
    if failed:
        raise EngineFailed(f"Not all engines could be stopped; their data is intact: {'; '.join(failed)}")
