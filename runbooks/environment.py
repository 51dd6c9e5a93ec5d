"""The environment of a plan: the regions of a pair and its witness, reached over AWS, Kubernetes and HTTPS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kubernetes import client

from contracts import pair as pairs
from contracts.gateway import ACTIVE_PATH, ACTIVE_PORT, active_host, region_host
from contracts.pair import Pair
from contracts.platform import region_prefix
from runbooks.adapters.aws import Connect
from runbooks.adapters.copies import BucketCopy
from runbooks.adapters.eks import EksLogin
from runbooks.adapters.elasticache import GlobalDatastore
from runbooks.adapters.kubernetes import RegionCluster
from runbooks.adapters.probes import CallProbe, EveryProbe, HttpProbe
from runbooks.adapters.rds import RdsDatabases
from runbooks.adapters.store import RegionStore
from runbooks.adapters.witness import WitnessBucket
from runbooks.ports import Environment, Probe, Refused, Region, Unreachable, Witness

_GATEWAY_PORT = 443


class NoPair(RuntimeError):
    """The stack has one region, or nobody knows the pair; the text says what to do."""


@dataclass(frozen=True)
class Access:
    """How a stack is reached from here."""

    domain: str
    regions: tuple[str, ...]
    witness_region: str
    connect: Connect
    cluster: Callable[[str], Callable[[], client.ApiClient]]
    """By region: what gives a client of its API server. Both may fail while the region does."""
    gateway: Callable[[str], str | None]
    """Host and port at which the gateway of a region answers; None while nobody knows."""
    listener: Callable[[str], str | None]
    """The same of what health checks ask in a region."""

    def witness(self) -> Witness:
        return WitnessBucket(self.connect, self.witness_region, pairs.witness_bucket(self.domain))


def on_aws(domain: str, regions: tuple[str, ...], witness_region: str, connect: Connect) -> Access:
    """Clusters by their names, with the credentials of `connect`; gateways by their public names."""
    return Access(
        domain,
        regions,
        witness_region,
        connect,
        lambda region: EksLogin(connect, region, region_prefix(region)),
        lambda region: f"{region_host(region, domain)}:{_GATEWAY_PORT}",
        lambda region: f"{active_host(region, domain)}:{ACTIVE_PORT}",
    )


def environment(access: Access) -> Environment:
    """Raises NoPair, and Unreachable when the witness does not answer."""
    witness = access.witness()
    clusters = {name: RegionCluster(name, access.cluster(name)) for name in access.regions}
    pair = _pair(witness, clusters.values())
    regions = {name: _region(access, pair, clusters[name], name) for name in pair.regions}
    pool = ThreadPoolExecutor(8, thread_name_prefix="step")
    return Environment(pair, witness, regions, time.time, time.sleep, lambda calls: [*pool.map(_call, calls)])


def copies(access: Access, pair: Pair) -> Sequence[BucketCopy]:
    """Of journals, into the backup bucket of each region."""
    return [BucketCopy(access.connect, region, bucket) for region, bucket in pair.backup_buckets.items()]


def active_probe(region: str, domain: str, address: Callable[[], str | None]) -> HttpProbe:
    """Whether the gateway at `address` says that its region serves."""
    host = region_host(region, domain)

    def url() -> str | None:
        found = address()
        return f"https://{found}{ACTIVE_PATH}" if found else None

    return HttpProbe(f"https://{host}{ACTIVE_PATH}", url, host=host, only=200)


def _listener_probe(region: str, access: Access) -> HttpProbe:
    """Whether health checkers are told that the region serves: names follow that."""
    host = active_host(region, access.domain)

    def url() -> str | None:
        found = access.listener(region)
        return f"http://{found}{ACTIVE_PATH}" if found else None

    return HttpProbe(f"http://{host}:{ACTIVE_PORT}{ACTIVE_PATH}", url, host=host, only=200)


def _pair(witness: Witness, clusters: Iterable[RegionCluster]) -> Pair:
    """The copy at the witness, else that of a cluster, which then becomes the witness's."""
    stored = witness.read(pairs.PAIR_KEY)
    if stored is not None:
        return pairs.read(stored.body)
    for cluster in clusters:
        try:
            text = cluster.config(pairs.PAIR_CONFIG).get(pairs.PAIR_KEY)
        except (Unreachable, Refused):
            continue
        if text:
            witness.write(pairs.PAIR_KEY, text.encode(), None)
            return pairs.read(text.encode())
    raise NoPair(
        f"neither the witness nor a cluster has {pairs.PAIR_KEY}, which the Pulumi program writes: run it for this"
        " stack"
    )


def _region(access: Access, pair: Pair, cluster: RegionCluster, name: str) -> Region:
    databases = RdsDatabases(access.connect, name)
    first = pair.instance(next(iter(pair.databases)), name)
    gateway = active_probe(name, access.domain, lambda: access.gateway(name))
    serves = EveryProbe((gateway, _listener_probe(name, access)))
    probes: list[Probe] = [
        HttpProbe("its gateway", gateway.url, host=gateway.host),
        CallProbe("its Kubernetes API", cluster.role, (Unreachable,)),
        CallProbe("its RDS API", lambda: databases.find(first), (Unreachable,)),
    ]
    datastore = GlobalDatastore(access.connect, name, pair.global_datastore, pair.replication_groups)
    return Region(name, databases, datastore, cluster, RegionStore(name, access.cluster(name)), probes, serves)


def _call(call: Callable[[], object]) -> object:
    return call()
