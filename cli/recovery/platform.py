"""Where the runbooks find the platform of this machine: its two regions and the witness."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import yaml
from botocore.config import Config

from cli.aws import stacks
from cli.aws.credentials import session
from contracts import pair as pairs
from contracts.gateway import ACTIVE_PATH, region_host
from contracts.pair import Pair
from contracts.platform import NAMESPACE
from local.observe import kube
from local.plugins.home import STACK
from local.site import CHECKOUT, Site
from runbooks.adapters.aws import CONFIG, Connect
from runbooks.adapters.elasticache import GlobalDatastore
from runbooks.adapters.kubernetes import RegionCluster
from runbooks.adapters.probes import CallProbe, HttpsProbe
from runbooks.adapters.rds import RdsDatabases
from runbooks.adapters.store import RegionStore
from runbooks.adapters.witness import WitnessBucket
from runbooks.journal import Copy
from runbooks.ports import Environment, Probe, Region, Unreachable

_PORT = 8443


class NoPair(RuntimeError):
    """This platform has one region, or nobody knows the pair; the text says what to do."""


def environment(site: Site) -> Environment:
    """Raises NoPair, and Unreachable when the witness does not answer."""
    connect = partial(_client, site)
    config = declared()
    domain = config["aura:domain"]
    witness = WitnessBucket(connect, config["aura:pair"]["witness"], pairs.witness_bucket(domain))
    pair = _pair(site, witness)
    regions = {name: _region(site, connect, pair, name, domain) for name in pair.regions}
    pool = ThreadPoolExecutor(8, thread_name_prefix="step")
    return Environment(pair, witness, regions, time.time, time.sleep, lambda calls: [*pool.map(_call, calls)])


def copies(site: Site, pair: Pair) -> Sequence[Copy]:
    """Into the backup bucket of each region."""

    def into(region: str, bucket: str) -> Copy:
        def copy(key: str, line: bytes) -> None:
            _client(site, "s3", region, CONFIG).put_object(Bucket=bucket, Key=key, Body=line)

        return copy

    return [into(region, bucket) for region, bucket in pair.backup_buckets.items()]


def declared() -> dict[str, Any]:
    """The stack's configuration. Raises NoPair."""
    config = yaml.safe_load((CHECKOUT / f"Pulumi.{STACK}.yaml").read_text())["config"]
    if not stacks.read(STACK).passive:
        raise NoPair("this platform has one region; `aura:pair` in Pulumi.local.yaml names the other one")
    return config


def _client(site: Site, service: str, region: str, config: Config) -> Any:
    return session().client(service, region_name=region, endpoint_url=site.endpoint_url, config=config)  # pyright: ignore[reportCallIssue, reportArgumentType]


def _pair(site: Site, witness: WitnessBucket) -> Pair:
    """The copy at the witness, else that of a cluster, which then becomes the witness's."""
    stored = witness.read(pairs.PAIR_KEY)
    if stored is not None:
        return pairs.read(stored.body)
    for region in stacks.read(STACK).serving:
        try:
            with kube.connect(site.kubeconfig(region)) as api:
                text = (kube.config_map(api, NAMESPACE, pairs.PAIR_CONFIG) or {}).get(pairs.PAIR_KEY)
        except kube.UNAVAILABLE:
            continue
        if text:
            witness.write(pairs.PAIR_KEY, text.encode(), None)
            return pairs.read(text.encode())
    raise NoPair(f"neither the witness nor a cluster has {pairs.PAIR_KEY}: `make up` writes it")


def _region(site: Site, connect: Connect, pair: Pair, name: str, domain: str) -> Region:
    databases = RdsDatabases(connect, name)
    api = partial(kube.connect, site.kubeconfig(name))
    cluster, store = RegionCluster(name, api), RegionStore(name, api)
    first = pair.instance(next(iter(pair.databases)), name)
    serves = active_probe(name, domain, partial(gateway, site, name))
    probes: list[Probe] = [
        HttpsProbe("its gateway", serves.url, host=serves.host),
        CallProbe("its Kubernetes API", cluster.role, (Unreachable,)),
        CallProbe("its RDS API", lambda: databases.find(first), (Unreachable,)),
    ]
    datastore = GlobalDatastore(connect, name, pair.global_datastore, pair.replication_groups)
    return Region(name, databases, datastore, cluster, store, probes, serves)


def gateway(site: Site, region: str) -> str | None:
    """Its host and port; None while its cluster does not say. Locally the names have no public records."""
    try:
        with kube.connect(site.kubeconfig(region)) as api:
            return kube.gateway_address(api, NAMESPACE, "aura")
    except kube.UNAVAILABLE:
        return None


def active_probe(region: str, domain: str, address: Callable[[], str | None]) -> HttpsProbe:
    """Whether the gateway at `address` says that its region serves."""
    host = region_host(region, domain)

    def url() -> str | None:
        found = address()
        return f"https://{found}{ACTIVE_PATH}" if found else None

    return HttpsProbe(f"https://{host}{ACTIVE_PATH}", url, host=host, only=200)


def _call(call: Callable[[], object]) -> object:
    return call()
