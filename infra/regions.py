"""The regions of a stack, one step after the other for all of them."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.components.zone import Zone
from infra.config import StackConfig
from infra.pair.global_datastore import GlobalDatastore
from infra.pair.pair import Pair
from infra.pair.pair_copy import PairCopy
from infra.pair.witness import Witness
from infra.region import Region


def make(stack: StackConfig, zone: Zone, providers: Mapping[str, aws.Provider], endpoint: str) -> None:
    """Declares them and exports their outputs. Who is active decides about little here: whose databases and cache the
    other's are replicas of while they are made, and what a region is told about itself."""
    home = Region(stack.home, stack, zone, providers[stack.home])
    regions = {home.region: home}
    if away := stack.pair.other(stack.home):
        regions[away] = Region(away, stack, zone, providers[away], home)
    for name, region in regions.items():
        region.keep(regions.get(stack.pair.other(name) or ""))
    active = regions[stack.pair.active]
    passive = regions[stack.pair.passive] if stack.pair.passive else None
    active.stores.start()
    datastore = witness = None
    if passive is not None:
        there = pulumi.ResourceOptions(providers=[providers[stack.pair.witness]])
        witness = Witness("aura-witness", zone.domain, stack.account, home.config, there)
        options = pulumi.ResourceOptions(providers=[home.provider])
        datastore = GlobalDatastore("aura-cache", active.stores.cache, home.config.cache, options)
        passive.stores.start(active.stores, datastore.id)
    media = home.media.distribute(zone, home.media_key, regions[away].media if away else None)
    for region in regions.values():
        region.media.admit(media.resource)
        if witness is not None:
            cluster = region.cluster.cluster.name
            witness.keeper(f"{region.name}-region", cluster, region.child())
            witness.recorder(f"{region.name}-recorder", cluster, region.child())
        region.run(endpoint, media, witness.bucket.bucket if witness else None)
        pulumi.export(region.region, region.outputs(media.resource))
    if passive is not None and datastore is not None and witness is not None:
        pair = Pair(active, passive, zone, datastore, witness)
        pulumi.export("pair", pair.outputs())
        for region in regions.values():
            PairCopy(f"{region.name}-pair", pair.names(), region.platform, region.child())
