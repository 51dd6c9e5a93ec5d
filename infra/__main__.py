"""The platform: its domain, and its regions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # Pulumi puts this folder alone on the path

import pulumi
import pulumi_aws as aws

from infra import config
from infra.components.zone import Zone
from infra.protection import protect_state
from infra.region import Region


def main() -> None:
    stack = config.load()
    if stack.protect:
        protect_state()
    tags = aws.ProviderDefaultTagsArgs(tags={"project": pulumi.get_project(), "stack": pulumi.get_stack()})
    providers = {
        region: aws.Provider(region, region=region, default_tags=tags, allowed_account_ids=[stack.account])
        for region in stack.regions
    }
    first = next(iter(providers.values()))
    zone = Zone("aura-zone", stack.domain, stack.zone, pulumi.ResourceOptions(providers=[first]))
    # The AWS SDKs' variable: an endpoint for this program is also the endpoint for the Pods.
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    pulumi.export("nameServers", zone.name_servers)
    for name, region_config in stack.regions.items():
        region = Region(name, stack, zone, endpoint, region_config, providers[name])
        pulumi.export(name, region.outputs())


main()
