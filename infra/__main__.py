"""The platform: its domain, and its regions."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # Pulumi puts this folder alone on the path
gc.disable()  # half its time went into collections, of 3 MiB in 250 for all of `prod`

import pulumi
import pulumi_aws as aws

from infra import config, regions
from infra.components.zone import Zone
from infra.protection import protect_state


def main() -> None:
    stack = config.load()
    if stack.protect:
        protect_state()
    tags = aws.ProviderDefaultTagsArgs(tags={"project": pulumi.get_project(), "stack": pulumi.get_stack()})
    named = [*stack.pair.serving, *([stack.pair.witness] if stack.pair.passive else [])]
    providers = {
        region: aws.Provider(region, region=region, default_tags=tags, allowed_account_ids=[stack.account])
        for region in named
    }
    home = pulumi.ResourceOptions(providers=[providers[stack.home]])
    zone = Zone("aura-zone", stack.domain, stack.zone, home)
    # The AWS SDKs' variable: an endpoint for this program is also the endpoint for the Pods.
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    pulumi.export("nameServers", zone.name_servers)
    regions.make(stack, zone, providers, endpoint)


main()
